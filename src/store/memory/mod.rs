//! Short-window quotas in memory.
mod quotas;
pub use quotas::MemoryQuotas;
