//! Looking for bytes in everything below a directory, as somebody with the disk would.
//! Compressed frames are unpacked where they begin; what a database holds is looked at
//! cell by cell as well.
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags};
use std::collections::BTreeSet;
use std::io::Read;
use std::path::{Path, PathBuf};

/// A file and what is in it.
pub struct Content {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

/// Every file below a directory.
pub fn read_files(dir: &Path) -> Vec<Content> {
    let mut found = Vec::new();
    let mut open = vec![dir.to_owned()];
    while let Some(dir) = open.pop() {
        for entry in std::fs::read_dir(&dir).expect("the directory can be read") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
            } else {
                let bytes = std::fs::read(&path).expect("the file can be read");
                found.push(Content { path, bytes });
            }
        }
    }
    found
}

pub fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(haystack, needle).is_some()
}

/// What can be unpacked of the zstd frames in some bytes, wherever they begin.
pub fn unpack_frames(bytes: &[u8]) -> Vec<u8> {
    const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
    let mut unpacked = Vec::new();
    for at in memchr::memmem::find_iter(bytes, &MAGIC) {
        let Ok(reader) = zstd::Decoder::new(&bytes[at..]) else {
            continue;
        };
        // A frame that is cut off still gives up its first blocks.
        let mut reader = reader.single_frame().take(16 << 20);
        let mut buffer = [0; 65_536];
        while let Ok(read) = reader.read(&mut buffer) {
            if read == 0 {
                break;
            }
            unpacked.extend_from_slice(&buffer[..read]);
        }
    }
    unpacked
}

/// Every text and blob of every table of the databases below a directory.
pub fn read_cells(dir: &Path) -> BTreeSet<Vec<u8>> {
    let mut cells = BTreeSet::new();
    for file in read_files(dir) {
        if !file.bytes.starts_with(b"SQLite format 3\0") {
            continue;
        }
        let database = Connection::open_with_flags(&file.path, OpenFlags::SQLITE_OPEN_READ_ONLY)
            .expect("the database opens");
        let mut tables = database
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .expect("a schema");
        let names: Vec<String> = tables
            .query_map([], |row| row.get(0))
            .expect("tables")
            .map(|name| name.expect("a name"))
            .collect();
        for name in names {
            let mut statement = database
                .prepare(&format!("SELECT * FROM \"{name}\""))
                .expect("a table");
            let columns = statement.column_count();
            let mut rows = statement.query([]).expect("rows");
            while let Some(row) = rows.next().expect("a row") {
                for column in 0..columns {
                    if let ValueRef::Text(bytes) | ValueRef::Blob(bytes) =
                        row.get_ref(column).expect("a cell")
                    {
                        cells.insert(bytes.to_vec());
                    }
                }
            }
        }
    }
    cells
}

/// Moves what a store has in its log into its one file, as its next start would.
pub fn settle_store(dir: &Path) -> PathBuf {
    let file = dir.join("ledger.db");
    let database = Connection::open(&file).expect("the store opens");
    database
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .expect("it is moved");
    file
}
