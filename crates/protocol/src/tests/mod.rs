//! Properties of the whole crate: both codecs carry every frame, deltas lead where snapshots would, the replica
//! converges.

mod codecs;
mod converges;
mod deltas;
