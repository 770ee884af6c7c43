//! The journal in a file: one entry a line, added at the end, for its owner alone; held by one command at a time.

use crate::failure::{Result, usage};
use scimstack_client::BoxError;
use scimstack_client::connector::sync::Journal;
use scimstack_provisioning::sync::{Entry, Ledger, Verb};
use scimstack_schema::Timestamp;
use std::fs::{File, Metadata, OpenOptions, TryLockError};
use std::io::{BufRead as _, BufReader, ErrorKind, Seek as _, SeekFrom, Write as _};
use std::path::Path;

/// So many lines for one item are worth being written anew.
const LINES: usize = 8;

/// So often a journal is opened that was written anew between being opened and being locked.
const ATTEMPTS: usize = 8;

/// An open journal.
pub(crate) struct FileJournal {
    file: File,
}

impl FileJournal {
    /// Opens a journal, or makes one, and reads what it comes to. A last line that was cut off is dropped: what it was to
    /// announce was not done.
    pub(crate) fn open(path: &Path, now: Timestamp) -> Result<(Self, Ledger)> {
        Self::open_while(path, now, || {})
    }

    /// As [`FileJournal::open`], and does something each time between opening the file and locking it.
    fn open_while(path: &Path, now: Timestamp, between: impl FnMut()) -> Result<(Self, Ledger)> {
        let wrong = |why: String| usage(format!("the journal {}: {why}", path.display()));
        let io = |error: std::io::Error| wrong(error.to_string());
        let file = locked(path, between).map_err(io)?;
        let file = file.ok_or_else(|| wrong("another scim sync is using it".to_owned()))?;
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

/// The file at the path, held by this command; `None` when another holds it. Whoever writes a journal anew puts another file
/// in its place: what was opened before that is no journal any more, though nobody else holds it.
fn locked(path: &Path, mut between: impl FnMut()) -> std::io::Result<Option<File>> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    owner_only(&mut options);
    for _ in 0..ATTEMPTS {
        let file = options.open(path)?;
        between();
        match file.try_lock() {
            Ok(()) if leads_to(path, &file)? => return Ok(Some(file)),
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
    Ok(None)
}

/// Whether this is the file that the path leads to.
fn leads_to(path: &Path, file: &File) -> std::io::Result<bool> {
    match std::fs::metadata(path) {
        Ok(there) => is_same(&there, &file.metadata()?),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(unix)]
fn is_same(one: &Metadata, other: &Metadata) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    Ok((one.dev(), one.ino()) == (other.dev(), other.ino()))
}

/// Where files have no number: nobody writes to one while it is held, and one that was written anew is shorter and younger.
#[cfg(not(unix))]
fn is_same(one: &Metadata, other: &Metadata) -> std::io::Result<bool> {
    Ok((one.len(), one.modified()?) == (other.len(), other.modified()?))
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

    /// A journal with so many lines that whoever opens it next writes it anew.
    fn make_long(path: &Path, now: Timestamp) {
        let (mut journal, _) = FileJournal::open(path, now).unwrap();
        for n in 0..1_200 {
            journal.append(&settled(&format!("Users userName {}", n % 3))).unwrap();
        }
    }

    #[test]
    fn a_journal_that_is_written_anew_while_another_opens_it_is_held_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let now = Timestamp::from_seconds(0);
        make_long(&path, now);
        let mut first = None;
        let second = FileJournal::open_while(&path, now, || {
            first.get_or_insert_with(|| FileJournal::open(&path, now).unwrap());
        });
        assert!(second.err().unwrap().to_string().contains("another scim sync"));
        let (mut first, ledger) = first.unwrap();
        assert_eq!(ledger.len(), 3);
        first.append(&settled("Users userName first")).unwrap();
        drop(first);
        assert_eq!(FileJournal::open(&path, now).unwrap().1.len(), 4);
    }

    #[test]
    fn a_journal_that_was_written_anew_meanwhile_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let now = Timestamp::from_seconds(0);
        make_long(&path, now);
        let mut first = true;
        let opened = FileJournal::open_while(&path, now, || {
            if std::mem::take(&mut first) {
                let (mut other, _) = FileJournal::open(&path, now).unwrap();
                other.append(&settled("Users userName other")).unwrap();
            }
        });
        let (mut journal, ledger) = opened.unwrap();
        assert_eq!(ledger.len(), 4, "with what the other has written");
        journal.append(&settled("Users userName own")).unwrap();
        drop(journal);
        assert_eq!(FileJournal::open(&path, now).unwrap().1.len(), 5);
        // And not for ever.
        let gone = FileJournal::open_while(&path, now, || std::fs::remove_file(&path).unwrap());
        assert!(gone.err().unwrap().to_string().contains("another scim sync"));
    }
}
