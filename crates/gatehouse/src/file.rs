//! Files: read whole, and written so that nobody ever sees half of one.

use std::fs::File;
use std::io::{self, Read, Write};
use std::ops::Deref;
use std::path::Path;

use memmap2::MmapMut;
use tempfile::NamedTempFile;

use crate::failure::Failure;

/// The bytes of a file.
pub enum Bytes {
    /// In memory of its own, and how many they are.
    Mapped(MmapMut, usize),
    /// On the heap.
    Read(Vec<u8>),
}

impl Deref for Bytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        match self {
            Self::Mapped(memory, length) => memory.get(..*length).unwrap_or_default(),
            Self::Read(bytes) => bytes,
        }
    }
}

/// Reads a file.
///
/// Not by `fs::read`: memory that the system hands out in small pages costs three times as much as reading into it.
pub fn read(path: &Path) -> Result<Bytes, Failure> {
    read_whole(path).map_err(Failure::file(path))
}

fn read_whole(path: &Path) -> io::Result<Bytes> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() == 0 {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        return Ok(Bytes::Read(bytes));
    }
    let length = usize::try_from(metadata.len()).map_err(|_| io::ErrorKind::FileTooLarge)?;
    let mut memory = MmapMut::map_anon(length.next_multiple_of(LARGE_PAGE))?;
    // A system that does not know large pages gives small ones.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    let room = memory.get_mut(..length).unwrap_or_default();
    file.read_exact(room)?;
    Ok(Bytes::Mapped(memory, length))
}

/// Reads a small text file; `-` is standard input.
///
/// More than `limit` bytes, or bytes that are not UTF-8, are a [`Failure::Input`].
pub fn read_text(path: &Path, limit: u64) -> Result<String, Failure> {
    let source: io::Result<Box<dyn Read>> = if path == Path::new("-") {
        Ok(Box::new(io::stdin()))
    } else {
        File::open(path).map(|file| Box::new(file) as Box<dyn Read>)
    };
    let mut bytes = Vec::new();
    let read = source.and_then(|source| source.take(limit + 1).read_to_end(&mut bytes));
    read.map_err(Failure::file(path))?;
    let shown = path.display();
    if bytes.len() as u64 > limit {
        return Err(Failure::input(
            "file-too-large",
            format!("{shown} is larger than {limit} bytes"),
        ));
    }
    String::from_utf8(bytes).map_err(|_| Failure::input("not-text", format!("{shown} is not UTF-8 text")))
}

/// What the system calls a huge page, in bytes, on the processors that are common.
const LARGE_PAGE: usize = 1 << 21;

/// Writes a file so that nobody ever sees half of it: beside its place first, then moved there.
pub fn write<T>(path: &Path, write: impl FnOnce(&mut File) -> Result<T, Failure>) -> Result<T, Failure> {
    let mut file = beside(path)?;
    let written = write(file.as_file_mut())?;
    file.persist(path).map_err(|error| Failure::file(path)(error.error))?;
    Ok(written)
}

/// Writes a file whole, or none, where there was none before.
///
/// A [`Failure::Input`] if there is one.
pub fn write_new(path: &Path, text: &str) -> Result<(), Failure> {
    let mut file = beside(path)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| file.as_file().sync_all());
    written.map_err(Failure::file(path))?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(()),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => {
            let detail = format!("{} is there already, and is not overwritten", path.display());
            Err(Failure::input("file-exists", detail))
        }
        Err(error) => Err(Failure::file(path)(error.error)),
    }
}

/// A file in the same folder, which goes away unless it is moved.
fn beside(path: &Path) -> Result<NamedTempFile, Failure> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new("."));
    NamedTempFile::new_in(folder).map_err(Failure::file(path))
}
