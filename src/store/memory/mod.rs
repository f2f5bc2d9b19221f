//! Short-window quotas in memory.
