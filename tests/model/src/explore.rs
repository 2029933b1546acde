//! The exhaustive search: every state that a model can reach, breadth first.
//!
//! States are compared as they are, not by a hash, so no two are ever taken for one. Breadth first means that the first
//! trace to a state is a shortest one. A state that breaks an invariant is reported and not followed any further.

use std::collections::VecDeque;
use std::collections::hash_map::Entry;
use std::fmt::Debug;
use std::hash::Hash;

use rustc_hash::FxHashMap;

/// A protocol with its surroundings, as a state machine.
pub trait Model {
    /// Everything that can differ between two moments.
    type State: Clone + Eq + Hash + Debug;
    /// One atomic step: a call to a service, or something that the world does.
    type Action: Copy + Debug;

    /// Where every run begins.
    fn initial(&self) -> Self::State;

    /// Adds every step that is possible in `state` to `actions`.
    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>);

    /// The state after `action`.
    fn apply(&self, state: &Self::State, action: Self::Action) -> Self::State;

    /// Whether this step is the system's own work, which is certain to happen in the end. Faults, duplicates, and what
    /// users do are not.
    fn is_progress(&self, state: &Self::State, action: Self::Action) -> bool;

    /// Whether no work is left.
    fn is_quiet(&self, state: &Self::State) -> bool;

    /// The names of the invariants that `state` breaks.
    fn broken(&self, state: &Self::State) -> Vec<&'static str>;

    /// What `action` did, in a few words.
    fn describe(&self, before: &Self::State, action: Self::Action, after: &Self::State) -> String;
}

/// Broken where a state has work left, but no step of the system's own leads on.
pub const STUCK: &str = "no work is stuck";
/// Broken where the system can go round in a circle without a fault or an upload.
pub const ENDLESS: &str = "no work goes on for ever";
/// Broken where the search, or a list in a state, met its bound before every state was seen.
pub const BOUNDED: &str = "the states can be counted";

/// What the search found.
#[derive(Debug)]
pub struct Report {
    /// Distinct states.
    pub states: usize,
    /// Steps between them.
    pub transitions: usize,
    /// The longest of the shortest ways to a state, in steps.
    pub depth: usize,
    /// States without work left.
    pub quiet: usize,
    /// One shortest counterexample for each invariant that was broken, shortest first.
    pub broken: Vec<Counterexample>,
}

/// How an invariant is broken.
#[derive(Debug)]
pub struct Counterexample {
    /// The invariant's name.
    pub invariant: &'static str,
    /// The steps that lead there, in words.
    pub trace: Vec<String>,
}

/// How far a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Through every state.
    Exhausted,
    /// To the first counterexample.
    FirstBroken,
}

/// Explores the states of `model`, at most `limit` of them.
pub fn explore<M: Model>(model: &M, until: Until, limit: usize) -> Report {
    let mut search = Search::start(model);
    while let Some((id, state)) = search.waiting.pop_front() {
        search.expand(id, &state);
        if until == Until::FirstBroken && !search.found.is_empty() {
            break;
        }
        if search.parents.len() > limit {
            search.note(BOUNDED, id);
            break;
        }
    }
    if let Some(id) = search.on_a_circle() {
        search.note(ENDLESS, id);
    }
    search.report()
}

struct Search<'m, M: Model> {
    model: &'m M,
    ids: FxHashMap<M::State, u32>,
    waiting: VecDeque<(u32, M::State)>,
    /// For each state but the first, the state that it was first reached from, and by which step.
    parents: Vec<Option<(u32, M::Action)>>,
    depths: Vec<u32>,
    /// Steps of the system's own work, from and to.
    progress: Vec<(u32, u32)>,
    transitions: usize,
    quiet: usize,
    found: Vec<(&'static str, u32)>,
    /// Kept between calls only to spare allocations.
    actions: Vec<M::Action>,
}

impl<'m, M: Model> Search<'m, M> {
    fn start(model: &'m M) -> Self {
        let mut search = Self {
            model,
            ids: FxHashMap::default(),
            waiting: VecDeque::new(),
            parents: Vec::new(),
            depths: Vec::new(),
            progress: Vec::new(),
            transitions: 0,
            quiet: 0,
            found: Vec::new(),
            actions: Vec::new(),
        };
        search.visit(model.initial(), None);
        search
    }

    /// The number of `state`, which waits to be expanded if it is new and breaks nothing.
    fn visit(&mut self, state: M::State, parent: Option<(u32, M::Action)>) -> u32 {
        let next = u32::try_from(self.parents.len()).expect("fewer than four billion states");
        match self.ids.entry(state) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(new) => {
                let broken = self.model.broken(new.key());
                self.quiet += usize::from(self.model.is_quiet(new.key()));
                if broken.is_empty() {
                    self.waiting.push_back((next, new.key().clone()));
                }
                new.insert(next);
                self.parents.push(parent);
                self.depths
                    .push(parent.map_or(0, |(from, _)| self.depths[from as usize] + 1));
                for invariant in broken {
                    self.note(invariant, next);
                }
                next
            }
        }
    }

    fn expand(&mut self, id: u32, state: &M::State) {
        let mut actions = std::mem::take(&mut self.actions);
        actions.clear();
        self.model.actions(state, &mut actions);
        let mut leads_on = false;
        for &action in &actions {
            let to = self.visit(self.model.apply(state, action), Some((id, action)));
            self.transitions += 1;
            if self.model.is_progress(state, action) {
                leads_on = true;
                self.progress.push((id, to));
            }
        }
        self.actions = actions;
        if !leads_on && !self.model.is_quiet(state) {
            self.note(STUCK, id);
        }
    }

    /// The first state found is at the end of a shortest trace.
    fn note(&mut self, invariant: &'static str, id: u32) {
        if self.found.iter().all(|(name, _)| *name != invariant) {
            self.found.push((invariant, id));
        }
    }

    /// A state that the system's own work can come back to. Without one, that work ends, and it ends in a quiet state,
    /// because in every other one it is not stuck.
    fn on_a_circle(&self) -> Option<u32> {
        let states = self.parents.len();
        let mut incoming = vec![0_u32; states];
        let mut first = vec![0_usize; states + 1];
        for &(from, to) in &self.progress {
            incoming[to as usize] += 1;
            first[from as usize + 1] += 1;
        }
        for id in 0..states {
            first[id + 1] += first[id];
        }
        // Expanded in order, so `progress` is sorted by where its steps come from.
        let mut free: Vec<u32> = (0_u32..)
            .zip(&incoming)
            .filter(|(_, count)| **count == 0)
            .map(|(id, _)| id)
            .collect();
        let mut done = 0;
        while let Some(id) = free.pop() {
            done += 1;
            for &(_, to) in &self.progress[first[id as usize]..first[id as usize + 1]] {
                incoming[to as usize] -= 1;
                if incoming[to as usize] == 0 {
                    free.push(to);
                }
            }
        }
        if done == states {
            return None;
        }
        // What is left is on a circle or behind one. Going back from it, and back again, ends on one.
        let mut before = FxHashMap::default();
        for &(from, to) in &self.progress {
            if incoming[from as usize] > 0 && incoming[to as usize] > 0 {
                before.insert(to, from);
            }
        }
        let mut id = *before.keys().min()?;
        for _ in 0..states {
            id = *before.get(&id)?;
        }
        Some(id)
    }

    fn report(self) -> Report {
        let mut broken: Vec<_> = self
            .found
            .iter()
            .map(|&(invariant, id)| Counterexample {
                invariant,
                trace: self.trace(id),
            })
            .collect();
        broken.sort_by_key(|found| found.trace.len());
        Report {
            states: self.parents.len(),
            transitions: self.transitions,
            depth: self.depths.iter().max().map_or(0, |depth| *depth as usize),
            quiet: self.quiet,
            broken,
        }
    }

    fn trace(&self, mut id: u32) -> Vec<String> {
        let mut actions = Vec::new();
        while let Some((parent, action)) = self.parents[id as usize] {
            actions.push(action);
            id = parent;
        }
        let mut state = self.model.initial();
        let mut trace = Vec::new();
        for action in actions.into_iter().rev() {
            let next = self.model.apply(&state, action);
            trace.push(self.model.describe(&state, action, &next));
            state = next;
        }
        trace
    }
}
