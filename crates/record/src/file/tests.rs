use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::*;
use crate::{
    format::{FORMAT, Recorded, rounded},
    reader::{Item, Note, Reader},
};

const DAY: Date = jiff::civil::date(2026, 11, 30);

fn header() -> Header {
    Header {
        switchboard_recording: FORMAT,
        program: "switchboard test".to_owned(),
        session: "1".to_owned(),
        started: 1_796_000_000.0,
        part: 1,
    }
}

fn record(number: u32) -> Record {
    let t = rounded(f64::from(number) / 10.0);
    Record {
        at: 1_796_000_000.0 + t,
        t,
        board: Some("sb-1".to_owned()),
        what: Recorded::Log {
            level: protocol::Level::Info,
            message: format!("line {number}"),
        },
    }
}

/// What a recording says, in short.
fn read(first: &Path) -> Vec<String> {
    Reader::open(first)
        .expect("a recording")
        .map(|item| match item.expect("an item") {
            Item::Header(header) => format!("part {}", header.part),
            Item::Record(record) => match record.what {
                Recorded::Log { message, .. } => message,
                Recorded::Gap { records, .. } => format!("gap of {records}"),
                other => format!("{other:?}"),
            },
            Item::Note(Note::Torn(_)) => "torn".to_owned(),
            Item::Note(note) => note.to_string(),
        })
        .collect()
}

/// The lines with these numbers.
fn lines(numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| format!("line {number}")).collect()
}

#[test]
fn what_is_flushed_is_readable_although_the_file_was_never_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["lab.jsonl.gz", "lab.jsonl"] {
        let path = folder.path().join(name);
        let mut sink = FileSink::new(Parts::of(&path), FileSettings::default(), header());
        sink.begin(DAY).expect("a file");
        for number in 0..5 {
            sink.add(&[record(number)]);
            assert_eq!(sink.flush(Instant::now(), DAY), []);
        }
        sink.add(&[record(5)]);
        // As if the program was killed.
        std::mem::forget(sink);
        let mut expected = vec!["part 1".to_owned()];
        expected.extend(lines(0..5));
        if name.ends_with(".gz") {
            // A text file may end after any line; a gzip stream may not.
            expected.push("torn".to_owned());
        }
        assert_eq!(read(&path), expected, "{name}");
    }
}

#[test]
fn a_file_that_is_cut_anywhere_is_read_up_to_its_last_complete_line() {
    let folder = tempfile::tempdir().expect("a folder");
    for name in ["lab.jsonl.gz", "lab.jsonl"] {
        let path = folder.path().join(name);
        let mut sink = FileSink::new(Parts::of(&path), FileSettings::default(), header());
        sink.begin(DAY).expect("a file");
        for number in 0..20 {
            sink.add(&[record(number)]);
            sink.flush(Instant::now(), DAY);
        }
        sink.finish(Instant::now(), DAY).expect("a file");
        let whole = read(&path);
        let bytes = fs::read(&path).expect("the file");
        let mut cuts = std::collections::BTreeSet::new();
        for length in 0..=bytes.len() {
            let part = bytes.get(..length).expect("a part").to_vec();
            let Ok(reader) = Reader::of_bytes(part) else {
                continue;
            };
            let items: Vec<_> = reader.map(|item| item.expect("no error")).collect();
            let notes = items.iter().filter(|item| matches!(item, Item::Note(_)));
            let kept = items.len() - notes.count();
            cuts.insert(kept);
            for item in items.iter().take(kept) {
                assert!(!matches!(item, Item::Note(_)), "the note comes last");
            }
        }
        // Each line is lost with its own last byte and not before.
        assert_eq!(cuts, (1..=whole.len()).collect(), "{name}");
    }
}

#[test]
fn a_new_file_begins_when_one_is_full_and_at_midnight() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl");
    let settings = FileSettings {
        size: 500,
        ..FileSettings::default()
    };
    let mut sink = FileSink::new(Parts::of(&path), settings, header());
    sink.begin(DAY).expect("a file");
    for number in 0..12 {
        sink.add(&[record(number)]);
        sink.flush(Instant::now(), DAY);
        if sink.take_needs_snapshot() {
            sink.add(&[record(1_000 + number)]);
        }
    }
    let before = Parts::of(&path).existing().expect("the folder").len();
    assert!((2..8).contains(&before), "{before}");
    let tomorrow = DAY.tomorrow().expect("a day");
    sink.add(&[record(12)]);
    let events = sink.flush(Instant::now(), tomorrow);
    assert_eq!(
        events,
        [Notice::Part(
            Parts::of(&path).path(u32::try_from(before).expect("a number") + 1)
        )]
    );
    assert!(sink.take_needs_snapshot());
    sink.finish(Instant::now(), DAY).expect("a file");
    let read = read(&path);
    let pushed: Vec<_> = read
        .iter()
        .filter(|line| line.starts_with("line ") && !line.starts_with("line 10"))
        .cloned()
        .collect();
    let mut expected = lines(0..13);
    expected.retain(|line| !line.starts_with("line 10"));
    assert_eq!(pushed, expected);
    let parts = read.iter().filter(|line| line.starts_with("part"));
    assert_eq!(parts.count(), before + 1);
    assert!(!read.contains(&"torn".to_owned()), "{read:?}");
}

#[test]
fn only_the_newest_files_are_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    let settings = FileSettings {
        keep: Some(2),
        ..FileSettings::default()
    };
    let mut day = DAY;
    let mut sink = FileSink::new(Parts::of(&path), settings, header());
    sink.begin(day).expect("a file");
    for number in 0..4 {
        sink.add(&[record(number)]);
        sink.flush(Instant::now(), day);
        day = day.tomorrow().expect("a day");
    }
    sink.finish(Instant::now(), DAY).expect("a file");
    assert_eq!(Parts::of(&path).existing().expect("the folder"), [3, 4]);
    // What is pending at midnight still belongs to the old day.
    assert_eq!(read(&path), ["part 3", "line 3", "part 4"]);
}

#[test]
fn a_second_recording_to_the_same_file_continues_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    for number in 0..2 {
        let session = number.to_string();
        let header = Header {
            session,
            ..header()
        };
        let mut sink = FileSink::new(Parts::of(&path), FileSettings::default(), header);
        sink.begin(DAY).expect("a file");
        sink.add(&[record(number)]);
        sink.finish(Instant::now(), DAY).expect("a file");
    }
    assert_eq!(read(&path), ["part 1", "line 0", "part 2", "line 1"]);
}

/// A disk with room for some bytes, over real files.
struct SmallDisk {
    file: File,
    room: Arc<AtomicU64>,
}

impl Write for SmallDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.load(Ordering::Relaxed);
        let fits = usize::try_from(room).unwrap_or(usize::MAX).min(bytes.len());
        if fits == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.room.fetch_sub(fits as u64, Ordering::Relaxed);
        self.file.write(bytes.get(..fits).expect("a part"))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Growing for SmallDisk {
    fn sync(&mut self) -> io::Result<()> {
        self.file.sync()
    }

    fn cut(&mut self, length: u64) -> io::Result<()> {
        self.file.cut(length)
    }
}

/// A sink on a disk with this much room.
fn on_a_small_disk(path: &Path, room: u64) -> (FileSink, Arc<AtomicU64>) {
    let room = Arc::new(AtomicU64::new(room));
    let disk = Arc::clone(&room);
    let create = move |path: &PathBuf| {
        let file = files::create_new(path)?;
        let room = Arc::clone(&disk);
        Ok(Box::new(SmallDisk { file, room }) as Box<dyn Growing + Send>)
    };
    let settings = FileSettings::default();
    let sink = FileSink::with(Parts::of(path), settings, header(), Box::new(create));
    (sink, room)
}

#[test]
fn a_full_disk_is_reported_and_recording_resumes_without_a_loss() {
    for name in ["lab.jsonl.gz", "lab.jsonl"] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let (mut sink, room) = on_a_small_disk(&path, 400);
        sink.begin(DAY).expect("a file");
        let mut now = Instant::now();
        let mut notices = Vec::new();
        for number in 0..60 {
            sink.add(&[record(number)]);
            now += Duration::from_secs(1);
            notices.extend(sink.flush(now, DAY));
            if number == 40 {
                let full = Notice::Trouble("the disk is full".to_owned());
                assert_eq!(notices, [full], "it is said once");
                room.store(1 << 20, Ordering::Relaxed);
            }
        }
        let second = Parts::of(&path).path(2);
        assert!(notices.contains(&Notice::Part(second)), "{notices:?}");
        assert_eq!(
            notices.last(),
            Some(&Notice::Resumed { lost: 0 }),
            "{notices:?}"
        );
        assert!(sink.take_needs_snapshot());
        sink.finish(Instant::now(), DAY).expect("a file");
        let read: Vec<_> = read(&path)
            .into_iter()
            .filter(|line| line.starts_with("line"))
            .collect();
        assert_eq!(read, lines(0..60), "{name}");
    }
}

#[test]
fn a_full_disk_leaves_no_empty_files_and_deletes_no_old_ones() {
    for keep in [1, 2] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lab.jsonl");
        let (mut sink, room) = on_a_small_disk(&path, 1 << 20);
        sink.settings.keep = Some(keep);
        sink.begin(DAY).expect("a file");
        sink.add(&[record(0)]);
        let mut now = Instant::now();
        sink.flush(now, DAY);
        for number in 1..200 {
            sink.add(&[record(number)]);
        }
        let mut notices = Vec::new();
        for _ in 0..10 {
            // The first line of a file fits, what is pending does not.
            room.store(300, Ordering::Relaxed);
            now += RETRY;
            notices.extend(sink.flush(now, DAY));
        }
        assert_eq!(notices, [Notice::Trouble("the disk is full".to_owned())]);
        assert_eq!(Parts::of(&path).existing().expect("the folder"), [1]);
        assert_eq!(read(&path), ["part 1", "line 0"]);
        assert_eq!(sink.written, fs::metadata(&path).expect("the file").len());

        // There is room at the end, before the next attempt is due.
        room.store(1 << 20, Ordering::Relaxed);
        let parts = Parts::of(&path);
        let bytes = sink.finish(now, DAY).expect("a file");
        let second = fs::metadata(parts.path(2)).expect("the second file").len();
        let kept = parts.existing().expect("the folder");
        if keep == 1 {
            assert_eq!(kept, [2]);
        } else {
            assert_eq!(kept, [1, 2]);
            let first = fs::metadata(&path).expect("the first file").len();
            assert_eq!(bytes, first + second);
        }
        let text = fs::read_to_string(parts.path(2)).expect("text");
        assert!(text.contains("\"line 1\"") && text.contains("\"line 199\""));
    }
}

#[test]
fn what_does_not_fit_into_memory_is_counted_and_recorded_as_a_gap() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("lab.jsonl.gz");
    let (mut sink, room) = on_a_small_disk(&path, 250);
    sink.begin(DAY).expect("a file");
    room.store(0, Ordering::Relaxed);
    let start = Instant::now();
    let long = |number| Record {
        what: Recorded::Log {
            level: protocol::Level::Info,
            message: format!("line {number} {}", "x".repeat(1 << 20)),
        },
        ..record(number)
    };
    sink.add(&[long(0)]);
    assert_eq!(sink.flush(start, DAY).len(), 1);
    for number in 1..30 {
        sink.add(&[long(number)]);
    }
    room.store(1 << 30, Ordering::Relaxed);
    let notices = sink.flush(start + RETRY, DAY);
    let lost = match notices.last() {
        Some(Notice::Resumed { lost }) => *lost,
        _ => 0,
    };
    assert!((10..16).contains(&lost), "{notices:?}");
    sink.finish(Instant::now(), DAY).expect("a file");
    let read = read(&path);
    assert!(
        read.contains(&format!("gap of {lost}")),
        "{:?}",
        read.last()
    );
    let kept = read.iter().filter(|line| line.starts_with("line")).count();
    assert_eq!(kept as u64 + lost, 30);
}
