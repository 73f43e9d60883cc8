//! A disk in memory that knows what a power cut leaves: what was written and not synced may be
//! lost, in whole or in part, and any step of input or output can be told to fail.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, Cursor, Read};
use std::sync::{Arc, Mutex, MutexGuard};

use inferlayer_ledger::{Hash, Segment, SegmentFile, Storage};

use super::fault::{Fate, Form, Step};
use super::file::{Random, StoredFile};

/// "Too many open files" on Linux.
const EMFILE: i32 = 24;

/// A cheap clone; all clones are the same disk.
#[derive(Clone)]
pub struct Disk(Arc<Mutex<State>>);

#[derive(Clone, Default)]
struct State {
    /// Every file that ever was; a name stands for the index of one.
    files: Vec<StoredFile>,
    names: BTreeMap<Segment, usize>,
    stored_names: BTreeMap<Segment, usize>,
    /// Since the directory was synced.
    renamed: Vec<(Segment, Option<usize>)>,
    contents: HashMap<Hash, Vec<u8>>,
    /// Removed, which nothing makes durable.
    removed_contents: HashMap<Hash, Vec<u8>>,
    /// Every step that was taken.
    steps: Vec<Step>,
    faults: BTreeMap<usize, Form>,
    cut: Option<Fate>,
    /// Whether the disk cannot tell how much room it has.
    blind: bool,
    random: Random,
}

impl Disk {
    /// An empty disk; the steps of these numbers fail, each in its form.
    pub fn new(faults: &[(usize, Form)], seed: u64) -> Self {
        let faults = faults.iter().copied().collect();
        let random = Random::new(seed);
        Self(Arc::new(Mutex::new(State { faults, random, ..State::default() })))
    }

    /// Nobody learns how much room there is.
    pub fn go_blind(&self) {
        self.state().blind = true;
    }

    /// All steps so far, in order.
    pub fn steps(&self) -> Vec<Step> {
        self.state().steps.clone()
    }

    /// A disk of its own with what a power cut leaves of this one. Faults that are still to come
    /// stay.
    pub fn crash(&self, fate: Fate) -> Self {
        let mut state = self.state().clone();
        let mut random = state.random.clone();
        let kept = match fate {
            Fate::Nothing => 0,
            Fate::Everything | Fate::Mixture => state.renamed.len(),
            Fate::Some => random.below(state.renamed.len() + 1),
        };
        for (segment, file) in state.renamed.drain(..).take(kept) {
            set_name(&mut state.stored_names, segment, file);
        }
        state.names = state.stored_names.clone();
        state.files.iter_mut().for_each(|file| file.crash(fate, &mut random));
        if fate == Fate::Nothing {
            state.contents.extend(state.removed_contents.drain());
        }
        (state.random, state.cut) = (random, None);
        Self(Arc::new(Mutex::new(state)))
    }

    /// A disk of its own with what the next process finds on this one. No fault comes any more.
    pub fn without_faults(&self) -> Self {
        let state = State { faults: BTreeMap::new(), ..self.state().clone() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// What survives of the power cut that has come.
    pub fn power_cut(&self) -> Option<Fate> {
        self.state().cut
    }

    /// The segments as a reader sees them.
    pub fn segments(&self) -> BTreeMap<Segment, Vec<u8>> {
        let state = self.state();
        let bytes = |file: &usize| state.files[*file].seen().to_vec();
        state.names.iter().map(|(segment, file)| (*segment, bytes(file))).collect()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// Takes a step; an error is all that comes of it when nothing of it happens.
    fn step(&self, step: Step) -> io::Result<Taken<'_>> {
        self.step_of(None, step)
    }

    fn step_of(&self, file: Option<usize>, step: Step) -> io::Result<Taken<'_>> {
        let mut state = self.state();
        let form = state.faults.get(&state.steps.len()).copied();
        state.steps.push(step);
        if let Some(Form::Cut(fate)) = form {
            state.cut = Some(fate);
        }
        if let (Step::Sync, Some(file)) = (step, file) {
            let full_for_good = form == Some(Form::Full) && state.random.below(2) == 0;
            if form == Some(Form::Lost) || full_for_good {
                // As the kernel does: told once, and what could not be written is forgotten.
                state.files[file].forget();
            }
        }
        match form {
            form if state.cut.is_none() && form != Some(Form::Lost) => Ok(Taken { state, form }),
            _ => Err(io::Error::other("injected")),
        }
    }

    fn step_on(&self, segment: Segment, step: Step) -> io::Result<(Taken<'_>, usize)> {
        let taken = self.step(step)?;
        let file = taken.state.names.get(&segment).copied().ok_or(io::ErrorKind::NotFound)?;
        Ok((taken, file))
    }

    fn writer(&self, file: usize) -> Box<dyn SegmentFile> {
        Box::new(Writer { disk: self.clone(), file })
    }
}

/// A step that happens, at least in part.
struct Taken<'d> {
    state: MutexGuard<'d, State>,
    form: Option<Form>,
}

impl Taken<'_> {
    /// How many of so many bytes are written.
    fn part(&mut self, bytes: usize) -> usize {
        match self.form {
            None => bytes,
            Some(Form::Full) => bytes / 2,
            Some(Form::Short) => 0,
            Some(_) => match self.state.random.below(2) {
                0 => bytes,
                _ => self.state.random.below(bytes + 1),
            },
        }
    }

    fn rename(&mut self, segment: Segment, file: Option<usize>) {
        set_name(&mut self.state.names, segment, file);
        self.state.renamed.push((segment, file));
    }

    /// What the caller is told.
    fn told<T>(self, value: T) -> io::Result<T> {
        match self.form {
            None => Ok(value),
            Some(Form::Full) => Err(io::ErrorKind::StorageFull.into()),
            Some(Form::Short) => Err(io::Error::from_raw_os_error(EMFILE)),
            Some(_) => Err(io::Error::other("injected")),
        }
    }
}

fn set_name(names: &mut BTreeMap<Segment, usize>, segment: Segment, file: Option<usize>) {
    match file {
        Some(file) => names.insert(segment, file),
        None => names.remove(&segment),
    };
}

impl Storage for Disk {
    fn list(&self) -> io::Result<Vec<Segment>> {
        let taken = self.step(Step::List)?;
        let names = taken.state.names.keys().copied().collect();
        taken.told(names)
    }

    fn evict(&self, segment: Segment) -> io::Result<()> {
        let (mut taken, file) = self.step_on(segment, Step::Evict)?;
        taken.state.files[file].evict();
        taken.told(())
    }

    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let (taken, file) = self.step_on(segment, Step::Read)?;
        let bytes = Cursor::new(taken.state.files[file].seen()[position(offset)..].to_vec());
        taken.told(Box::new(Reading { disk: self.clone(), bytes }))
    }

    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        let mut taken = self.step(Step::Create)?;
        if taken.form.is_some_and(Form::passes) {
            return taken.told(self.writer(0));
        }
        if taken.state.names.contains_key(&segment) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = taken.state.files.len();
        taken.state.files.push(StoredFile::default());
        taken.rename(segment, Some(file));
        taken.told(self.writer(file))
    }

    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        let (taken, file) = self.step_on(segment, Step::Open)?;
        taken.told(self.writer(file))
    }

    fn sync_directory(&self) -> io::Result<()> {
        let mut taken = self.step(Step::SyncDirectory)?;
        if !taken.form.is_some_and(Form::passes) {
            taken.state.stored_names = taken.state.names.clone();
            taken.state.renamed.clear();
        }
        taken.told(())
    }

    fn remove(&self, segment: Segment) -> io::Result<()> {
        let (mut taken, _) = self.step_on(segment, Step::Remove)?;
        taken.rename(segment, None);
        taken.told(())
    }

    fn write_content(&self, name: Hash, bytes: &[u8]) -> io::Result<()> {
        let mut taken = self.step(Step::WriteContent)?;
        let part = taken.part(bytes.len());
        taken.state.contents.insert(name, bytes[..part].to_vec());
        taken.told(())
    }

    fn read_content(&self, name: Hash) -> io::Result<Box<dyn Read + Send>> {
        let taken = self.step(Step::ReadContent)?;
        let bytes = taken.state.contents.get(&name).cloned().ok_or(io::ErrorKind::NotFound)?;
        taken.told(Box::new(Reading { disk: self.clone(), bytes: Cursor::new(bytes) }))
    }

    fn remove_content(&self, name: Hash) -> io::Result<()> {
        let mut taken = self.step(Step::RemoveContent)?;
        let removed = taken.state.contents.remove(&name);
        taken.state.removed_contents.extend(removed.map(|bytes| (name, bytes)));
        taken.told(())
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        // Asked by the clock and not by the work, so it is no step that could be counted.
        if self.state().blind { Err(io::Error::other("blind")) } else { Ok(None) }
    }
}

struct Reading {
    disk: Disk,
    bytes: Cursor<Vec<u8>>,
}

impl Read for Reading {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        drop(self.disk.step(Step::ReadOn)?);
        self.bytes.read(buffer)
    }
}

struct Writer {
    disk: Disk,
    file: usize,
}

impl SegmentFile for Writer {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut taken = self.disk.step(Step::Append)?;
        let part = taken.part(bytes.len());
        taken.state.files[self.file].append(&bytes[..part]);
        taken.told(())
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut taken = self.disk.step_of(Some(self.file), Step::Sync)?;
        taken.state.files[self.file].sync();
        taken.told(())
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        let mut taken = self.disk.step(Step::Truncate)?;
        taken.state.files[self.file].truncate(position(length));
        taken.told(())
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap()
}
