//! The official client of another language, where it is installed.

use std::process::{Command, Stdio};

use crate::world::{Beside, World};

const SCRIPT: &str = r#"
import asyncio, os, sys
from mcp import ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

async def main():
    server = StdioServerParameters(command=sys.argv[1], args=["mcp"], env=dict(os.environ), cwd=sys.argv[2])
    async with stdio_client(server) as (read, write):
        async with ClientSession(read, write) as session:
            hello = await session.initialize()
            info = getattr(hello, "serverInfo", None) or hello.server_info
            assert info.name == "forge", hello
            tools = (await session.list_tools()).tools
            assert len(tools) >= 18, tools
            started = await session.call_tool("start", {})
            failed = getattr(started, "isError", None)
            failed = started.is_error if failed is None else failed
            assert not failed, started
            data = getattr(started, "structuredContent", None) or started.structured_content
            assert data["ok"] is True, data
            logs = await session.call_tool("logs", {"targets": ["a"]})
            assert "hello" in logs.content[0].text, logs
            assert (await session.list_resources()).resources
            templates = await session.list_resource_templates()
            assert getattr(templates, "resourceTemplates", None) or templates.resource_templates
            uri = "forge://status"
            try:
                from pydantic import AnyUrl
                read_it = await session.read_resource(AnyUrl(uri))
            except Exception:
                read_it = await session.read_resource(uri)
            assert "running" in read_it.contents[0].text
            assert (await session.list_prompts()).prompts
            prompt = await session.get_prompt("bring_up", {"profile": "dev"})
            assert "dev" in prompt.messages[0].content.text
            try:
                await session.call_tool("nothing", {})
            except Exception as error:
                assert "no tool" in str(error), error
    print("conforms")

asyncio.run(main())
"#;

#[test]
fn the_official_client_in_python_finds_everything() {
    let imports = Command::new("python3")
        .args(["-c", "import mcp"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !imports.is_ok_and(|status| status.success()) {
        println!("skipped: the Python package `mcp` is not installed (pip install mcp)");
        return;
    }
    let world = World::new("dev:\n  - name: a\n    command: echo hello; exec sleep 600\n");
    world.write("client.py", SCRIPT);
    let mut command = Command::new("python3");
    let like = world.command(&[]);
    command
        .arg(world.path().join("client.py"))
        .arg(env!("CARGO_BIN_EXE_forge"))
        .arg(world.path())
        .envs(
            like.get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let ran = Beside::spawn(command).end();
    assert!(ran.stdout.contains("conforms"), "{ran:?}");
}
