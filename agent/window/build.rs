//! Compiles the customer's window; fonts are built in, because a machine without fonts must still show the prompt.
fn main() {
    let config = slint_build::CompilerConfiguration::new()
        .embed_resources(slint_build::EmbedResourcesKind::EmbedFiles);
    slint_build::compile_with_config("ui/farhand.slint", config).expect("the window's description compiles");
}
