//! The API: types, queries, mutations and subscriptions. A resolver parses, asks `app`, and
//! converts; what is allowed and what is true is decided below.

mod errands;
mod error;
mod id;
mod inputs;
mod loaders;
mod mutations;
mod omitted;
mod paging;
mod queries;
mod subscriptions;
mod types;

use std::sync::Arc;

use async_graphql::{Context, Request, Response, Schema};
use faelled_engine::{access::Actor, id::OrganizationId};
use futures_util::stream::BoxStream;

use self::errands::Errands;
use crate::{app::App, http::Caller, words::Language};

pub use mutations::Mutation;
pub use queries::Query;
pub use subscriptions::Subscription;

/// The schema with its resolvers.
pub type ApiSchema = Schema<Query, Mutation, Subscription>;

/// What a query may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Levels of nesting.
    pub max_depth: usize,
    /// Fields, with lists counted by the items that are asked for.
    pub max_complexity: usize,
    /// Items on one page.
    pub max_page: i32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_depth: 16,
            max_complexity: 10_000,
            max_page: 100,
        }
    }
}

/// The contract in the schema definition language, as `schema.graphql` holds it.
pub fn sdl() -> String {
    let options = async_graphql::SDLExportOptions::new()
        .sorted_fields()
        .sorted_enum_items()
        .sorted_arguments()
        .use_space_ident()
        .indent_width(2)
        .prefer_single_line_descriptions();
    let schema = Schema::build(Query, Mutation::default(), Subscription).finish();
    schema.sdl_with_options(options).trim().to_owned() + "\n"
}

/// The organization that an opaque id of the API names, if it is the id of one.
pub fn organization_named(id: &str) -> Option<OrganizationId> {
    match id::decode_any(&async_graphql::ID(id.to_owned()))? {
        id::Name::Organization(organization) => Some(organization),
        _ => None,
    }
}

/// The schema of one process, ready to execute.
#[derive(Clone)]
pub struct Executor {
    schema: ApiSchema,
    app: App,
}

impl Executor {
    /// The API over these use cases.
    pub fn new(app: App, limits: Limits) -> Self {
        let schema = Schema::build(Query, Mutation::default(), Subscription)
            .data(limits)
            .limit_depth(limits.max_depth)
            .limit_complexity(limits.max_complexity)
            .limit_recursive_depth(32)
            .limit_directives(50)
            .finish();
        Self { schema, app }
    }

    /// The use cases below.
    pub const fn app(&self) -> &App {
        &self.app
    }

    /// Executes a query or a mutation.
    pub async fn answer(&self, request: Request, caller: Caller) -> Response {
        let errands = Errands::default();
        let request = self.prepared(request, caller, errands.clone());
        errands.run(self.schema.execute(request)).await
    }

    /// Executes any operation as a stream of answers.
    pub fn answers(&self, request: Request, caller: Caller) -> BoxStream<'static, Response> {
        let errands = Errands::default();
        let request = self.prepared(request, caller, errands.clone());
        let answers = Box::pin(self.schema.execute_stream(request));
        Box::pin(errands.run_stream(answers))
    }

    fn prepared(&self, mut request: Request, caller: Caller, errands: Errands) -> Request {
        omitted::take_out(&mut request);
        let actor = Arc::new(caller.actor);
        let loaders = loaders::Loaders::new(&self.app, &actor, errands);
        request
            .data(Asked {
                app: self.app.clone(),
                actor,
                language: caller.language,
            })
            .data(loaders)
    }
}

/// Who asks, in which language, and the use cases that answer.
struct Asked {
    app: App,
    actor: Arc<Actor>,
    language: Language,
}

/// What every resolver asks of its context.
trait Here<'a> {
    fn asked(&self) -> &'a Asked;
    fn app(&self) -> &'a App;
    fn actor(&self) -> &'a Actor;
    fn language(&self) -> Language;
    fn loaders(&self) -> &'a loaders::Loaders;
    fn max_page(&self) -> i32;
}

impl<'a> Here<'a> for Context<'a> {
    fn asked(&self) -> &'a Asked {
        self.data_unchecked()
    }

    fn app(&self) -> &'a App {
        &self.asked().app
    }

    fn actor(&self) -> &'a Actor {
        &self.asked().actor
    }

    fn language(&self) -> Language {
        self.asked().language
    }

    fn loaders(&self) -> &'a loaders::Loaders {
        self.data_unchecked()
    }

    fn max_page(&self) -> i32 {
        self.data_unchecked::<Limits>().max_page
    }
}
