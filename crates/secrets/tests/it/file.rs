//! A key file in memory, whose lock is a real one.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Mutex;

use secrets::KeyFile;
use zeroize::Zeroizing;

pub struct MemoryFile {
    content: Mutex<Option<String>>,
    lock: tempfile::NamedTempFile,
}

impl MemoryFile {
    pub fn new() -> MemoryFile {
        MemoryFile {
            content: Mutex::default(),
            lock: tempfile::NamedTempFile::new().unwrap(),
        }
    }

    pub fn content(&self) -> Option<String> {
        self.content.lock().unwrap().clone()
    }

    pub fn set(&self, content: Option<String>) {
        *self.content.lock().unwrap() = content;
    }

    /// How many keys it has.
    pub fn keys(&self) -> usize {
        let content = self.content().unwrap_or_default();
        content.lines().filter(|line| !line.starts_with('#')).count()
    }
}

impl KeyFile for MemoryFile {
    fn path(&self) -> &Path {
        Path::new("/somewhere/master.key")
    }

    fn read(&self) -> io::Result<Option<Zeroizing<String>>> {
        Ok(self.content().map(Zeroizing::new))
    }

    fn create(&self, content: &str) -> io::Result<bool> {
        let mut own = self.content.lock().unwrap();
        let made = own.is_none();
        own.get_or_insert_with(|| content.to_owned());
        Ok(made)
    }

    fn replace(&self, content: &str) -> io::Result<()> {
        self.set(Some(content.to_owned()));
        Ok(())
    }

    fn lock(&self) -> io::Result<File> {
        let file = self.lock.reopen()?;
        file.try_lock()?;
        Ok(file)
    }
}
