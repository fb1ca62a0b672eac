//! Makes the tests' gRPC client of the compiled .proto file, as a client's author would; no compiler has to be installed.
use prost::Message;
use prost_types::FileDescriptorSet;
use std::path::Path;

/// The packages that clients are made for; the others in the file are for tools.
const OURS: &str = "cognobserve.v1";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = Path::new("../proto/descriptors.binpb");
    println!("cargo:rerun-if-changed={}", path.display());
    let mut files = FileDescriptorSet::decode(&*std::fs::read(path)?)?;
    files
        .file
        .retain(|file| file.package() == OURS || file.package() == "google.protobuf");
    tonic_prost_build::configure()
        .build_server(false)
        .compile_fds(files)?;
    Ok(())
}
