//! What people see of doorward.

pub mod pages;
