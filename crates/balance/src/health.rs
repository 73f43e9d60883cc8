//! What is known of one provider, and what an attempt at it adds.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::breaker::Breaker;
use crate::caller::{Caller, Scope};
use crate::keys::Keys;
use crate::model::Models;
use crate::settings::HealthSettings;
use crate::ticket::{Fault, NotAsked, Reason, Ticket};
use crate::transition::{Change, ModelState, Transition};

/// What is known of one provider.
#[derive(Debug)]
pub struct Health {
    settings: HealthSettings,
    /// By failures to connect, whoever asks.
    connection: Breaker,
    /// By models with open circuits.
    all_models: Breaker,
    /// By refusals of its keys.
    keys: Keys,
    models: Models,
    /// When a model last answered to the end.
    last_success: Option<Instant>,
    tickets: u64,
    /// When the key was changed; what is known of the one before counts no more.
    key_changed: Option<Instant>,
    transitions: Vec<Transition>,
}

/// Kept until somebody takes them.
const TRANSITIONS_MAX: usize = 64;

impl Health {
    /// A provider of which nothing is known.
    pub fn new(settings: HealthSettings) -> Health {
        Health {
            settings,
            connection: Breaker::default(),
            all_models: Breaker::default(),
            keys: Keys::default(),
            models: Models::default(),
            last_success: None,
            tickets: 0,
            key_changed: None,
            transitions: Vec::new(),
        }
    }

    /// Counts by other settings from now on; what is open stays open as long as it was said.
    pub fn set_settings(&mut self, settings: HealthSettings) {
        self.settings = settings;
    }

    /// The provider is asked under another key: refusals of the one before are no more.
    pub fn change_key(&mut self, now: Instant) {
        self.keys = Keys::default();
        self.models.iter_mut().for_each(|model| model.keys = Keys::default());
        self.key_changed = Some(now);
    }

    /// Leave to ask for a model with a credential, or why there is none.
    pub fn admit(
        &mut self,
        model: &Arc<str>,
        credential: &Arc<str>,
        caller: Caller,
        now: Instant,
    ) -> Result<Ticket, NotAsked> {
        if let Some(not_asked) = self.shut(model, credential, &caller, now) {
            return Err(not_asked);
        }
        self.tickets += 1;
        let (id, admitted) = (self.tickets, now);
        let (model, credential) = (Arc::clone(model), Arc::clone(credential));
        let ticket = Ticket { id, model, credential, caller, admitted };
        let known = self.models.entry(&ticket.model, now);
        known.breaker.admit(&ticket, &self.settings);
        known.keys.entry(&ticket.credential).admit(&ticket, &self.settings);
        known.cooling.admit(&ticket);
        self.connection.admit(&ticket.of_anybody(), &self.settings);
        self.all_models.admit(&ticket, &self.settings);
        self.keys.entry(&ticket.credential).admit(&ticket, &self.settings);
        Ok(ticket)
    }

    /// The head of an answer has come that is about the request alone.
    pub fn began(&mut self, ticket: &Ticket, now: Instant) {
        self.reached(ticket, now);
        let key = self.keys.entry(&ticket.credential).began(ticket, now);
        let closed = [self.all_models.began(ticket, now), key].concat();
        self.note(None, closed, Change::Closed);
        let Some(known) = self.models.get_mut(&ticket.model) else { return };
        let key = known.keys.entry(&ticket.credential).began(ticket, now);
        let cooled = known.cooling.answered(ticket);
        let closed = [known.breaker.began(ticket, now), key, cooled].concat();
        self.note(Some(&ticket.model), closed, Change::Closed);
    }

    /// The answer has come to its end.
    pub fn completed(&mut self, ticket: &Ticket, now: Instant) {
        self.last_success = Some(now);
        self.all_models.succeeded(ticket);
        self.keys.entry(&ticket.credential).succeeded(ticket);
        if let Some(known) = self.models.get_mut(&ticket.model) {
            known.breaker.succeeded(ticket);
            known.keys.entry(&ticket.credential).succeeded(ticket);
        }
    }

    /// Something speaks against the provider.
    pub fn failed(&mut self, ticket: &Ticket, fault: Fault, now: Instant) {
        let is_of_old_key = self.key_changed.is_some_and(|changed| ticket.admitted < changed);
        match fault {
            Fault::Key | Fault::KeyForModel if is_of_old_key => self.reached(ticket, now),
            Fault::Connection => {
                let opened = self.connection.failed(&ticket.of_anybody(), &self.settings, now);
                let opened = opened.into_iter().map(|_| Scope::All).collect();
                self.note(None, opened, Change::Shut(Reason::CircuitOpen));
            }
            Fault::Capacity(asked) => {
                self.reached(ticket, now);
                self.model_failed(ticket, now);
                asked.into_iter().for_each(|asked| self.cool(ticket, Some(asked), now));
            }
            Fault::Busy(asked) => {
                self.reached(ticket, now);
                self.cool(ticket, asked, now);
            }
            Fault::Key => {
                self.reached(ticket, now);
                let key = self.keys.entry(&ticket.credential);
                let opened = key.failed(ticket, &self.settings, now);
                self.note(None, opened, Change::Shut(Reason::KeyRefused));
            }
            Fault::KeyForModel => {
                self.reached(ticket, now);
                let settings = self.settings;
                let known = self.models.get_mut(&ticket.model);
                let key = known.map(|known| known.keys.entry(&ticket.credential));
                let opened = key.map(|key| key.failed(ticket, &settings, now));
                let shut = Change::Shut(Reason::KeyRefused);
                self.note(Some(&ticket.model), opened.unwrap_or_default(), shut);
            }
        }
        self.released(ticket);
    }

    /// Nothing more will be known of the request: what it was to try out another may.
    pub fn released(&mut self, ticket: &Ticket) {
        self.connection.released(ticket);
        self.all_models.released(ticket);
        let key = self.keys.get_mut(&ticket.credential);
        key.into_iter().for_each(|key| key.released(ticket));
        if let Some(known) = self.models.get_mut(&ticket.model) {
            known.breaker.released(ticket);
            known.cooling.released(ticket);
            let key = known.keys.get_mut(&ticket.credential);
            key.into_iter().for_each(|key| key.released(ticket));
        }
    }

    /// What has changed since this was asked last.
    pub fn take_transitions(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.transitions)
    }

    /// What the provider as a whole is at.
    pub fn state(&self) -> ModelState {
        let (connection, _) = self.connection.is_open();
        let (models, all) = self.all_models.is_open();
        ModelState {
            circuit_open: connection || models,
            circuit_open_for_all: connection || all,
            cooling: false,
            key_refused: self.keys.is_any_refused(),
        }
    }

    /// What each model is at that has been asked.
    pub fn models(&self, now: Instant) -> impl Iterator<Item = (&str, ModelState)> {
        self.models.iter().map(move |(name, model)| {
            let (circuit_open, circuit_open_for_all) = model.breaker.is_open();
            let cooling = model.cooling.is_cooling(now);
            let key_refused = model.keys.is_any_refused();
            (&**name, ModelState { circuit_open, circuit_open_for_all, cooling, key_refused })
        })
    }

    fn shut(
        &self,
        model: &str,
        credential: &str,
        caller: &Caller,
        now: Instant,
    ) -> Option<NotAsked> {
        let not_asked = |reason, left: Option<Duration>| left.map(|left| NotAsked { reason, left });
        let known = self.models.get(model);
        let nobody = Caller { tenant: "".into(), key: 0 };
        let circuits = [
            self.connection.left(&nobody, now),
            self.all_models.left(caller, now),
            known.and_then(|known| known.breaker.left(caller, now)),
        ];
        let of_model = known.and_then(|known| known.keys.get(credential));
        let keys = self.keys.get(credential).into_iter().chain(of_model);
        let keys = keys.filter_map(|key| key.left(caller, now));
        let cooling = known.and_then(|known| known.cooling.left(caller, now));
        let all = [
            not_asked(Reason::CircuitOpen, circuits.into_iter().flatten().max()),
            not_asked(Reason::KeyRefused, keys.max()),
            not_asked(Reason::Cooling, cooling),
        ];
        all.into_iter().flatten().max_by_key(|not_asked| not_asked.left)
    }

    /// Whatever it said, it was reached.
    fn reached(&mut self, ticket: &Ticket, now: Instant) {
        let anybody = ticket.of_anybody();
        let closed = self.connection.began(&anybody, now);
        self.connection.succeeded(&anybody);
        let closed = closed.into_iter().map(|_| Scope::All).collect();
        self.note(None, closed, Change::Closed);
    }

    fn model_failed(&mut self, ticket: &Ticket, now: Instant) {
        let settings = self.settings;
        let Some(known) = self.models.get_mut(&ticket.model) else { return };
        let opened = known.breaker.failed(ticket, &settings, now);
        let mut shut = Vec::new();
        for scope in &opened {
            if self.several_are_open(scope) && self.all_models.open_since(scope).is_none() {
                self.all_models.open(scope, &settings, now);
                shut.push(scope.clone());
            }
        }
        self.note(Some(&ticket.model), opened, Change::Shut(Reason::CircuitOpen));
        let retried = self.all_models.retried(ticket, &settings, now);
        self.note(None, [shut, retried].concat(), Change::Shut(Reason::CircuitOpen));
    }

    /// Whether two models are shut for everyone in the scope, and none has answered since.
    fn several_are_open(&self, scope: &Scope) -> bool {
        let models = self.models.iter().map(|(_, model)| model);
        let open: Vec<Instant> = models.filter_map(|m| m.breaker.open_since(scope)).collect();
        let first = open.iter().min();
        let answered = self.last_success.zip(first.copied()).is_some_and(|(at, open)| at > open);
        open.len() >= 2 && !answered
    }

    fn cool(&mut self, ticket: &Ticket, asked: Option<Duration>, now: Instant) {
        let length = asked.unwrap_or(self.settings.cooldown).min(self.settings.cooldown_max);
        let Some(known) = self.models.get_mut(&ticket.model) else { return };
        if length.is_zero() {
            return;
        }
        let was_cooling = known.cooling.is_cooling(now);
        let tenant = &ticket.caller.tenant;
        let scope = match asked {
            Some(_) => Scope::All,
            None => Scope::Tenant(Arc::clone(tenant)),
        };
        match asked {
            Some(_) => known.cooling.for_all(now + length),
            None => known.cooling.for_tenant(tenant, now + length, now),
        }
        if !was_cooling {
            self.note(Some(&ticket.model), vec![scope], Change::Shut(Reason::Cooling));
        }
    }

    fn note(&mut self, model: Option<&Arc<str>>, scopes: Vec<Scope>, change: Change) {
        for scope in scopes {
            if self.transitions.len() < TRANSITIONS_MAX {
                self.transitions.push(Transition { model: model.cloned(), scope, change });
            }
        }
    }
}
