//! What an operation of the API is: everything that the router, the gate, the OpenAPI document and the tests need to
//! know of it, in one place.

use axum::routing::MethodRouter;
use farhand_protocol::api::Scope;
use http::Method;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;

/// Who may use an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody.
    Open,
    /// Whoever holds the set-up link, until it is used.
    SetUp,
    /// Whoever is signed in, also while a second method is missing that the organisation demands.
    Own,
    /// Whoever is signed in.
    Technician,
    /// An administrator.
    Administrator,
    /// A participant of the session: its owner by sign-in, its agent by token.
    Participant,
    /// Whoever brings a media ticket.
    Ticket,
    /// The demo computer, on this machine.
    Demo,
}

/// A parameter of the query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it is for.
    pub about: &'static str,
    /// Whether it must be there.
    pub required: bool,
}

/// What a parameter is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text,
    /// A whole number that is not negative.
    Number,
    /// `true` or `false`.
    Flag,
}

/// A parameter that may be left out.
pub const fn may(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, about, required: false }
}

/// A parameter that must be there.
pub const fn must(name: &'static str, kind: Kind, about: &'static str) -> Parameter {
    Parameter { name, kind, about, required: true }
}

/// Schemas by name, as they gather.
pub type Schemas = Vec<(String, Value)>;
/// Adds a type's schema and those that it names; returns a reference to it.
pub type Describe = fn(&mut Schemas) -> Value;

/// What a body holds.
#[derive(Clone, Copy)]
pub enum Content {
    /// Nothing.
    Nothing,
    /// JSON of a type.
    Json(Describe),
    /// Something else, of this media type.
    Other(&'static str),
}

/// An operation.
#[derive(Clone)]
pub struct Operation {
    /// Its name, for programs that are generated from the document.
    pub id: &'static str,
    /// The method.
    pub method: Method,
    /// The path, with `{…}` for its variable parts.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// The scope with which an API key may use it; `None`: no key.
    pub scope: Option<Scope>,
    /// What it does.
    pub about: &'static str,
    /// The query's parameters.
    pub query: &'static [Parameter],
    /// The request's body.
    pub takes: Content,
    /// What is answered when it succeeds, by status.
    pub gives: [Option<(u16, Content)>; 2],
    /// What answers.
    pub(super) handler: fn() -> MethodRouter<App>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} ({})", self.method, self.path, self.id)
    }
}

impl Operation {
    /// An operation that takes nothing and gives 204.
    pub(super) const fn new(
        method: Method,
        path: &'static str,
        id: &'static str,
        access: Access,
        handler: fn() -> MethodRouter<App>,
    ) -> Self {
        Self {
            id,
            method,
            path,
            access,
            scope: None,
            about: "",
            query: &[],
            takes: Content::Nothing,
            gives: [Some((204, Content::Nothing)), None],
            handler,
        }
    }

    /// What it does.
    pub(super) const fn about(mut self, about: &'static str) -> Self {
        self.about = about;
        self
    }

    /// An API key may use it with this scope.
    pub(super) const fn scope(mut self, scope: Scope) -> Self {
        self.scope = Some(scope);
        self
    }

    /// It has these parameters.
    pub(super) const fn query(mut self, query: &'static [Parameter]) -> Self {
        self.query = query;
        self
    }

    /// It takes JSON.
    pub(super) const fn takes<T: ToSchema>(mut self) -> Self {
        self.takes = Content::Json(describe::<T>);
        self
    }

    /// It takes something else.
    pub(super) const fn takes_other(mut self, kind: &'static str) -> Self {
        self.takes = Content::Other(kind);
        self
    }

    /// It gives JSON.
    pub(super) const fn gives<T: ToSchema>(mut self, status: u16) -> Self {
        self.gives[0] = Some((status, Content::Json(describe::<T>)));
        self
    }

    /// Or it gives other JSON with another status.
    pub(super) const fn or_gives<T: ToSchema>(mut self, status: u16) -> Self {
        self.gives[1] = Some((status, Content::Json(describe::<T>)));
        self
    }

    /// It gives something else.
    pub(super) const fn gives_other(mut self, status: u16, kind: &'static str) -> Self {
        self.gives[0] = Some((status, Content::Other(kind)));
        self
    }

    /// It gives nothing, with this status.
    pub(super) const fn gives_nothing(mut self, status: u16) -> Self {
        self.gives[0] = Some((status, Content::Nothing));
        self
    }

    /// Whether it is a WebSocket.
    #[must_use]
    pub fn is_socket(&self) -> bool {
        self.gives.iter().flatten().any(|(status, _)| *status == 101)
    }
}

/// [`Describe`] of a type.
fn describe<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let plain = |schema| serde_json::to_value(schema).expect("a schema is plain data");
    let mut named = Vec::new();
    T::schemas(&mut named);
    schemas.extend(named.into_iter().map(|(name, schema)| (name, plain(schema))));
    let name = T::name().into_owned();
    let reference = serde_json::json!({ "$ref": format!("#/components/schemas/{name}") });
    schemas.push((name, plain(T::schema())));
    reference
}
