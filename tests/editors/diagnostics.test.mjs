// Findings: asked for, sent, of one file and of all, as texts, files and settings change.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import {
    DiagnosticRefreshRequest,
    DidChangeConfigurationNotification,
    DidChangeWorkspaceFoldersNotification,
    DidSaveTextDocumentNotification,
    FileChangeType,
} from "vscode-languageserver-protocol/node";
import { Client, capabilities, PATIENCE_MS, rulesOf, until } from "./client.mjs";
import { FOUND_IN_TRAIN, MODEL, Project, span, TRAIN } from "./project.mjs";

const limits = { timeout: 2 * PATIENCE_MS };
const [IDENTITY, TYPE] = FOUND_IN_TRAIN;

test("a finding has its place, rule, page, related places and source", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    const [identity, type, ...others] = await client.findings(uri);
    assert.ok(identity && type);
    assert.deepEqual(others, []);

    assert.equal(identity.code, IDENTITY);
    assert.equal(identity.source, "proxycheck");
    assert.equal(identity.severity, 1);
    assert.match(String(identity.message), /a `Proxy\[Model \| None\]` is never the object `None`/);
    assert.deepEqual(identity.range, span(TRAIN, "return ‹model is None›"));
    const [related] = identity.relatedInformation ?? [];
    assert.deepEqual(related?.location, {
        uri,
        range: span(TRAIN, "evaluate(‹model›: Proxy"),
    });
    assert.match(related.message, /`model` is a `Proxy\[Model \| None\]`/);
    assert.equal(type.code, TYPE);
    assert.deepEqual(type.range, span(TRAIN, "broken = ‹type(weights) is Model›"));

    // A rule that is documented elsewhere tells where.
    await client.replace(uri, `${TRAIN}weights.lable\n`);
    const member = (await client.findings(uri)).at(-1);
    assert.equal(member?.code, "unresolved-attribute");
    assert.match(member.codeDescription?.href ?? "", /^https:.*unresolved-attribute$/);
});

test("what has not changed is not sent again", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    const first = await client.diagnose(uri);
    assert.ok(first.resultId);
    const again = await client.diagnose(uri, first.resultId);
    assert.deepEqual(again, { ...again, kind: "unchanged", resultId: first.resultId });

    await client.edit(uri, {
        range: span(TRAIN, "return ‹model is None›"),
        newText: "return model == 1",
    });
    const changed = await client.diagnose(uri, first.resultId);
    assert.equal(changed.kind, "full");
    assert.notEqual(changed.resultId, first.resultId);
});

test("findings follow what is typed", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);

    // Several edits in one message, each in the text that the one before has left.
    const { start } = span(TRAIN, "‹greeting›");
    await client.edit(
        uri,
        { range: { start, end: start }, newText: "# größer 😀\n\n" },
        {
            range: {
                start: { line: start.line + 2, character: 0 },
                end: { line: start.line + 3, character: 0 },
            },
            newText: "late = type(weights) is not Model\n",
        },
    );
    const edited = client.text(uri);
    assert.ok(edited.includes("# größer 😀\n\nlate = type(weights) is not Model\nprint("));
    const findings = await client.findings(uri);
    assert.deepEqual(rulesOf(findings), [IDENTITY, TYPE]);
    assert.deepEqual(findings[1]?.range, span(edited, "late = ‹type(weights) is not Model›"));

    // A character at a time, over texts that are no programs.
    for (const character of "\nweights.lable") {
        const end = client.document(uri).positionAt(Number.MAX_SAFE_INTEGER);
        await client.edit(uri, { range: { start: end, end }, newText: character });
        await client.diagnose(uri);
    }
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE, "unresolved-attribute"]);

    // What was never saved is gone with the document.
    await client.close(uri);
    assert.deepEqual(await client.workspaceRules(), {
        [uri]: [IDENTITY, TYPE],
        [project.uri("analysis.ipynb")]: [TYPE],
    });
});

test("lines may end as they do on Windows", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN.replaceAll("\n", "\r\n"));
    const [identity] = await client.findings(uri);
    assert.deepEqual(identity?.range, span(TRAIN, "return ‹model is None›"));
});

test("clients that do not ask are sent findings", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, {
        folders: [project.folder],
        capabilities: capabilities({ textDocument: { diagnostic: undefined } }),
    });
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    const has = (/** @type {(string | undefined)[]} */ rules) => () => {
        const last = client.lastPublished(uri);
        return last && JSON.stringify(rulesOf(last.diagnostics)) === JSON.stringify(rules);
    };
    await until(has([IDENTITY, TYPE]), "the findings");
    assert.equal(client.lastPublished(uri)?.version, 1);

    await client.edit(uri, {
        range: span(TRAIN, "return ‹model is None›"),
        newText: "model == 1",
    });
    await until(has([TYPE]), "the findings after an edit");
    assert.equal(client.lastPublished(uri)?.version, 2);

    // Not each text that someone typed over is checked.
    const count = client.published.length;
    for (let index = 0; index < 20; index++) {
        const start = { line: 0, character: 0 };
        await client.edit(uri, { range: { start, end: start }, newText: "\n" });
    }
    await until(() => client.lastPublished(uri)?.version === 22, "the last version");
    assert.ok(client.published.length - count < 15, "each edit has been answered");
});

test("the whole workspace is checked", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const [train, notebook] = [project.uri("train.py"), project.uri("analysis.ipynb")];
    const reports = await client.diagnoseWorkspace();
    assert.deepEqual(await client.workspaceRules(), {
        [train]: [IDENTITY, TYPE],
        [notebook]: [TYPE],
    });
    const previous = [...reports.values()].flatMap(({ uri, resultId }) =>
        resultId === undefined ? [] : [{ uri, value: resultId }],
    );

    await client.open(train, TRAIN.replace("model is None", "model == 1"));
    const changed = await client.diagnoseWorkspace(previous);
    const kinds = Object.fromEntries([...changed].map(([uri, it]) => [uri, it.kind]));
    assert.equal(kinds[train], "full");
    assert.equal(kinds[notebook], "unchanged");
    assert.equal(changed.get(train)?.version, 1);

    await client.configure({ diagnostics: { workspace: false } });
    await until(
        async () => Object.keys(await client.workspaceRules()).length === 0,
        "open files only to be reported, each on its own",
    );
    assert.deepEqual(await client.rules(train), [TYPE]);
});

test("what changes in another file is seen in this one", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const [train, model] = [project.uri("train.py"), project.uri("model.py")];
    await client.open(train, TRAIN);
    await client.open(model, MODEL);
    assert.deepEqual(await client.rules(train), [IDENTITY, TYPE]);

    await client.edit(model, { range: span(MODEL, "def ‹predict›"), newText: "forecast" });
    await until(
        async () => (await client.rules(train)).includes("unresolved-attribute"),
        "a finding on a member that is no more",
    );
    await client.close(model);
    await until(
        async () => !(await client.rules(train)).includes("unresolved-attribute"),
        "the file on disk to count again",
    );
});

test("what happens outside of the editor is seen", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const [train, model, late] = [
        project.uri("train.py"),
        project.uri("model.py"),
        project.uri("late.py"),
    ];
    await client.open(train, TRAIN);
    assert.deepEqual(await client.rules(train), [IDENTITY, TYPE]);
    const refreshes = () => client.refreshes[DiagnosticRefreshRequest.method] ?? 0;
    const before = refreshes();

    await project.write("model.py", MODEL.replace("def predict", "def forecast"));
    await client.tellOfFiles({ uri: model, type: FileChangeType.Changed });
    await until(
        async () => (await client.rules(train)).includes("unresolved-attribute"),
        "a changed file",
    );
    await until(() => refreshes() > before, "a request to ask again");

    await project.write(
        "late.py",
        "from train import Model, weights\n\nlate = type(weights) is Model\n",
    );
    await client.tellOfFiles({ uri: late, type: FileChangeType.Created });
    await until(async () => (await client.workspaceRules())[late] !== undefined, "a new file");

    await project.remove("late.py");
    await project.write("model.py", MODEL);
    await client.tellOfFiles(
        { uri: late, type: FileChangeType.Deleted },
        { uri: model, type: FileChangeType.Changed },
    );
    await until(
        async () => (await client.workspaceRules())[late] === undefined,
        "a deleted file to be gone",
    );
    assert.deepEqual(await client.rules(train), [IDENTITY, TYPE]);

    // The text in the editor counts, until it is closed.
    await project.write("train.py", "");
    await client.tellOfFiles({ uri: train, type: FileChangeType.Changed });
    assert.deepEqual(await client.rules(train), [IDENTITY, TYPE]);
    await client.close(train);
    await until(async () => (await client.workspaceRules())[train] === undefined, "the empty file");
});

test("settings and configuration files count when they change", limits, async (t) => {
    const project = await Project.create(t);
    await project.write("other.toml", `[rules]\n${TYPE} = "ignore"\n`);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    const configuration = project.uri("proxycheck.toml");
    const text = `${TRAIN}\nnumber: int = "text"\n`;
    await client.open(uri, text);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);
    const become = (/** @type {(string | undefined)[]} */ rules, /** @type {string} */ what) =>
        until(async () => JSON.stringify(await client.rules(uri)) === JSON.stringify(rules), what);

    await project.write("proxycheck.toml", `[rules]\n${IDENTITY} = "ignore"\n`);
    await client.tellOfFiles({ uri: configuration, type: FileChangeType.Created });
    await become([TYPE], "a configuration file to count");

    await client.configure({ all: true });
    await become([TYPE, "invalid-assignment"], "everything to be reported");
    await client.configure({ config: "other.toml" });
    await become([IDENTITY], "another configuration file to count");
    await client.configure({});
    await become([TYPE], "the project's configuration to count again");

    // A mistake is told and leaves the rest as it was.
    const count = client.messages.length;
    await project.write("proxycheck.toml", 'rules = "none"\n');
    await client.tellOfFiles({ uri: configuration, type: FileChangeType.Changed });
    await until(() => client.messages.length > count, "a message on the mistake");
    assert.match(client.messages.at(-1) ?? "", /proxycheck\.toml/);
    await project.remove("proxycheck.toml");
    await client.tellOfFiles({ uri: configuration, type: FileChangeType.Deleted });
    await become([IDENTITY, TYPE], "the configuration to be gone");

    await client.configure({ inlayHints: { types: "yes" } });
    await until(
        () => client.messages.at(-1)?.includes("inlayHints.types"),
        "a message on a setting of the wrong type",
    );
});

test("clients that are not asked for settings send them", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, {
        folders: [project.folder],
        capabilities: capabilities({
            workspace: { configuration: undefined, didChangeConfiguration: undefined },
        }),
        initializationOptions: { all: true },
    });
    const uri = project.uri("train.py");
    await client.open(uri, `${TRAIN}\nnumber: int = "text"\n`);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE, "invalid-assignment"]);
    await client.connection.sendNotification(DidChangeConfigurationNotification.type, {
        settings: { proxycheck: { all: false } },
    });
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);
    assert.equal(client.asked, 0);
});

test("folders come and go", limits, async (t) => {
    const [first, second] = [await Project.create(t), await Project.create(t)];
    await second.write("proxycheck.toml", `[rules]\n${TYPE} = "ignore"\n`);
    const client = await Client.start(t, { folders: [first.folder, second.folder] });
    const reported = async () => Object.keys(await client.workspaceRules()).sort();
    const files = (/** @type {Project} */ it) => [it.uri("analysis.ipynb"), it.uri("train.py")];
    // What is wrong with the notebook is ignored in the second.
    assert.deepEqual(await reported(), [...files(first), second.uri("train.py")].sort());

    const third = await Project.create(t);
    const folder = (/** @type {Project} */ it) => ({
        uri: pathToFileURL(it.folder).href,
        name: "folder",
    });
    await client.connection.sendNotification(DidChangeWorkspaceFoldersNotification.type, {
        event: { added: [folder(third)], removed: [folder(first)] },
    });
    const expected = JSON.stringify([second.uri("train.py"), ...files(third)].sort());
    await until(async () => JSON.stringify(await reported()) === expected, "other folders");
});

test("documents without a file are checked", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = "untitled:Untitled-1";
    await client.open(uri, TRAIN);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);
    await client.edit(uri, { range: span(TRAIN, "return ‹model is None›"), newText: "model == 1" });
    assert.deepEqual(await client.rules(uri), [TYPE]);
});

test("a folder is not needed", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, {});
    const uri = project.uri("train.py");
    await client.open(uri, TRAIN);
    assert.deepEqual(await client.rules(uri), [IDENTITY, TYPE]);
});

test("saving changes nothing", limits, async (t) => {
    const project = await Project.create(t);
    const client = await Client.start(t, { folders: [project.folder] });
    const uri = project.uri("train.py");
    const text = TRAIN.replace("model is None", "model == 1");
    await client.open(uri, text);
    await project.write("train.py", text);
    await client.connection.sendNotification(DidSaveTextDocumentNotification.type, {
        textDocument: { uri },
    });
    await client.tellOfFiles({ uri, type: FileChangeType.Changed });
    assert.deepEqual(await client.rules(uri), [TYPE]);
});
