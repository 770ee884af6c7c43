//! The journal in a file: one entry a line, added at the end, for its owner alone; held by one command at a time.

use crate::failure::{Result, usage};
use scimstack_client::BoxError;
use scimstack_client::connector::sync::Journal;
use scimstack_provisioning::sync::{Entry, Ledger, Verb};
use scimstack_schema::Timestamp;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// So many lines for one item are worth being written anew.
const LINES: usize = 8;

/// An open journal.
pub(crate) struct FileJournal {
    file: File,
}

impl FileJournal {
    /// Opens a journal, or makes one, and reads what it comes to. A last line that was cut off is dropped: what it was to
    /// announce was not done.
    pub(crate) fn open(path: &Path, now: Timestamp) -> Result<(Self, Ledger)> {
        let wrong = |why: String| usage(format!("the journal {}: {why}", path.display()));
        let io = |error: std::io::Error| wrong(error.to_string());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        owner_only(&mut options);
        let file = options.open(path).map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(wrong("another scim sync is using it".to_owned())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let (mut ledger, mut good, mut lines) = (Ledger::default(), 0_u64, 0_usize);
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(io)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            lines += 1;
            let text = String::from_utf8_lossy(&line);
            let entry = Entry::parse(text.trim_end()).map_err(|error| wrong(format!("line {lines}: {error}")))?;
            ledger.handle_entry(&entry);
            good += read as u64;
        }
        file.set_len(good).map_err(io)?;
        let mut journal = Self { file };
        journal.file.seek(SeekFrom::End(0)).map_err(io)?;
        if lines > 1_000 && lines > LINES * ledger.len() {
            journal.shorten(&ledger, now, path).map_err(io)?;
        }
        Ok((journal, ledger))
    }

    /// Writes what the journal comes to in its place.
    fn shorten(&mut self, ledger: &Ledger, now: Timestamp, path: &Path) -> std::io::Result<()> {
        let mut text = Vec::new();
        for entry in ledger.entries(now) {
            text.extend_from_slice(entry.line().as_bytes());
            text.push(b'\n');
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        owner_only(&mut options);
        let mut file = options.open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        file.lock()?;
        std::fs::rename(&beside, path)?;
        self.file = file;
        Ok(())
    }
}

impl Journal for FileJournal {
    fn append(&mut self, entry: &Entry) -> std::result::Result<(), BoxError> {
        let mut line = entry.line();
        line.push('\n');
        self.file.write_all(line.as_bytes())?;
        // A creation is what must not be done twice, should the power fail as well.
        if matches!(entry, Entry::Intent { verb: Verb::Post, .. } | Entry::End { .. }) {
            self.file.sync_data()?;
        }
        Ok(())
    }
}

/// No journal: the next run finds out everything by itself.
pub(crate) struct Nothing;

impl Journal for Nothing {
    fn append(&mut self, _: &Entry) -> std::result::Result<(), BoxError> {
        Ok(())
    }
}

#[cfg(unix)]
fn owner_only(options: &mut OpenOptions) {
    use std::os::unix::fs::OpenOptionsExt as _;
    options.mode(0o600);
}

#[cfg(not(unix))]
fn owner_only(_: &mut OpenOptions) {}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(item: &str) -> Entry {
        let line =
            format!(r#"{{"entry":"settled","item":"{item}","id":"7","deed":"created","hash":"1","prints":"-"}}"#);
        Entry::parse(&line).unwrap()
    }

    #[test]
    fn a_journal_goes_on_where_it_was_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let now = Timestamp::from_seconds(0);
        let (mut journal, ledger) = FileJournal::open(&path, now).unwrap();
        assert!(ledger.is_empty());
        journal.append(&settled("Users userName ann")).unwrap();
        assert!(FileJournal::open(&path, now).err().unwrap().to_string().contains("another scim sync"));
        drop(journal);
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(br#"{"entry":"intent","item":"Users user"#).unwrap();
        drop(file);
        let (mut journal, ledger) = FileJournal::open(&path, now).unwrap();
        assert_eq!((ledger.len(), ledger.id("Users userName ann")), (1, Some("7")));
        journal.append(&settled("Users userName bob")).unwrap();
        drop(journal);
        assert_eq!(FileJournal::open(&path, now).unwrap().1.len(), 2);
        std::fs::write(&path, "no entry\n").unwrap();
        assert!(FileJournal::open(&path, now).err().unwrap().to_string().contains("line 1"));
    }

    #[test]
    fn a_long_journal_is_written_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let now = Timestamp::from_seconds(0);
        let (mut journal, _) = FileJournal::open(&path, now).unwrap();
        for n in 0..1_200 {
            journal.append(&settled(&format!("Users userName {}", n % 3))).unwrap();
        }
        drop(journal);
        let (mut journal, ledger) = FileJournal::open(&path, now).unwrap();
        assert_eq!(ledger.len(), 3);
        journal.append(&settled("Users userName 9")).unwrap();
        drop(journal);
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 4);
        assert_eq!(FileJournal::open(&path, now).unwrap().1.len(), 4);
    }
}
