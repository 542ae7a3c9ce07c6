//! Where a tenant's pages are: what comes before the path of every page.

use axum::http::Uri;
use store::TenantId;

/// For links from elsewhere: empty for the tenant that needs no name in the address, else `/t/{slug}`.
pub fn base_of(tenant: &TenantId) -> String {
    match *tenant == TenantId::default_tenant() {
        true => String::new(),
        false => format!("/t/{tenant}"),
    }
}

/// For links of a page: as the address of the page has it, which may name any tenant.
pub fn base_at(uri: &Uri, tenant: &TenantId) -> String {
    match uri.path().starts_with("/t/") {
        true => format!("/t/{tenant}"),
        false => String::new(),
    }
}
