//! The protocol's side: who we are, what there is, and calls handed to the tools.

use std::sync::Arc;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, GetPromptRequestParams, GetPromptResponse,
    Implementation, ListPromptsResult, ListResourceTemplatesResult, ListResourcesResult,
    ListToolsResult, PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse,
    ServerCapabilities, ServerConfig, Tool,
};
use rmcp::service::{RequestContext, RoleServer};
use rmcp::{ErrorData, ServerHandler, ServiceExt};
use serde_json::Value;

use crate::host::{Host, Options};
use crate::session::{Caller, Session, plain_name};
use crate::{prompts, resources, tools};

/// What agents are told first.
const INSTRUCTIONS: &str = include_str!("instructions.md");

/// Serves one agent on standard input and output until it leaves.
///
/// # Errors
///
/// When standard input and output cannot be used.
pub async fn serve(host: Arc<dyn Host>, options: Options) -> Result<(), String> {
    let server = Server {
        session: Session::new(host, options),
    };
    let transport = rmcp::transport::stdio();
    let running = match server.serve(transport).await {
        Ok(running) => running,
        // Whoever leaves before a greeting has not been served, and needs no error.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(()),
        Err(error) => return Err(error.to_string()),
    };
    running
        .waiting()
        .await
        .map(drop)
        .map_err(|error| error.to_string())
}

struct Server {
    session: Session,
}

impl Server {
    fn caller(&self, context: &RequestContext<RoleServer>) -> Caller {
        let named = context.client_info().map(|info| info.name);
        let agent = self.session.options.agent.clone().or(named);
        Caller {
            agent: plain_name(agent.as_deref().unwrap_or("agent")),
            progress: context
                .meta
                .get_progress_token()
                .map(|token| (context.peer.clone(), token)),
        }
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> ServerConfig {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_resources()
            .enable_prompts()
            .build();
        let mut info = ServerConfig::new(capabilities).with_instructions(INSTRUCTIONS);
        info.server_info = Implementation::new("forge", env!("CARGO_PKG_VERSION"));
        info.server_info.title = Some("Forge".to_string());
        info
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let all = tools::ALL.iter().map(tools::Entry::described).collect();
        Ok(ListToolsResult::with_all_items(all))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::named(name).map(tools::Entry::described)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let Some(tool) = tools::named(&request.name) else {
            let names: Vec<&str> = tools::ALL.iter().map(|entry| entry.name).collect();
            return Err(ErrorData::invalid_params(
                format!(
                    "there is no tool of that name; there are {}",
                    names.join(", ")
                ),
                None,
            ));
        };
        let caller = self.caller(&context);
        let given = request.arguments.map_or(Value::Null, Value::Object);
        let answer = tokio::select! {
            answer = (tool.call)(&self.session, given, &caller) => answer,
            () = context.ct.cancelled() => {
                return Err(ErrorData::internal_error("cancelled; what was begun goes on", None));
            }
        };
        let result = match answer {
            Ok(reply) => reply.into_result(),
            Err(trouble) => trouble.into_result(),
        };
        Ok(result.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(
            resources::list(&self.session).await,
        ))
    }

    async fn list_resource_templates(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourceTemplatesResult, ErrorData> {
        Ok(ListResourceTemplatesResult::with_all_items(
            resources::templates(),
        ))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        Ok(resources::read(&self.session, &request.uri).await?.into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(prompts::all()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(prompts::get(&request.name, request.arguments.as_ref())?.into())
    }
}
