//! A file to import: its name, size and hash, and its bytes from the start.
//! Invariant: what is hashed is what is read; standard input is kept in a file meanwhile.
use anyhow::Context;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const CHUNK_BYTES: usize = 1 << 20;

pub struct Source {
    file: File,
    /// For messages.
    pub name: String,
    pub size_bytes: u64,
    /// SHA-256 of the content, in hex.
    pub hash: String,
}

impl Source {
    /// Opens and hashes a file; `-` is standard input, kept in `spool_dir` until the end.
    pub fn open(path: &Path, spool_dir: &Path) -> anyhow::Result<Source> {
        let is_input = path == Path::new("-");
        let name = if is_input {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let mut file = if is_input {
            spool(spool_dir)?
        } else {
            File::open(path).with_context(|| format!("cannot read {name}"))?
        };
        let (hash, size_bytes) =
            hash_file(&mut file).with_context(|| format!("cannot read {name}"))?;
        Ok(Source {
            file,
            name,
            size_bytes,
            hash,
        })
    }

    /// The content from the start.
    pub fn reader(&self) -> anyhow::Result<BufReader<File>> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok(BufReader::with_capacity(CHUNK_BYTES, file))
    }
}

/// A file without a name: it is gone with the process, whatever happens.
fn spool(dir: &Path) -> anyhow::Result<File> {
    let mut file =
        tempfile::tempfile_in(dir).with_context(|| format!("cannot write in {}", dir.display()))?;
    std::io::copy(&mut std::io::stdin().lock(), &mut file)
        .context("cannot keep standard input in a file")?;
    Ok(file)
}

fn hash_file(file: &mut File) -> std::io::Result<(String, u64)> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut size_bytes = 0;
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            read => {
                hash.update(&chunk[..read]);
                size_bytes += read as u64;
            }
        }
    }
    let hex = hash
        .finalize()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    Ok((hex, size_bytes))
}
