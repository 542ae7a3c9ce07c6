//! Corpora of attacks by way of browsers and paths, and a flood of wrong passwords. Each is judged by a function that is
//! also given answers that it must not like: a corpus that cannot fail proves nothing.

mod forgeries;
mod login;
mod origins;
mod paths;
mod restores;
mod traversals;
