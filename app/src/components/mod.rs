//! The kit: small drawn parts that know nothing of pages, sockets or the shape of the data, beyond a state or a level.

mod chart_card;
mod icon;
mod lever;
mod menu;
mod shape;
mod spark;
mod state;
mod strip;

pub use chart_card::{ChartCard, Points, chart_card, legend, legend_entry};
pub use icon::{Icon, brand, icon};
pub use lever::{big_lever, lever};
pub use menu::{MenuItem, menu, menu_with};
pub use shape::{level_key, moving_shape, shape};
pub use spark::{SparkPaths, spark, spark_paths};
pub use state::{state_key, state_level, state_mark, state_title, state_word};
pub use strip::{level_strip, long_strip, strip, strip_legend, strip_path};
