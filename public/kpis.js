// Keeps a KPI page fresh: the same address is asked again once a minute while the page is looked at, and what has changed is put
// into its place.
