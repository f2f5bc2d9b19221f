//! Has the crate built again when a step of the schema is added: the macro that copies them into the binary sees
//! changes of the steps it knows, and no new ones.

fn main() {
    println!("cargo:rerun-if-changed=src/store/sqlite/migrations");
}
