// A client on the protocol stack that VS Code's is built on.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { pathToFileURL } from "node:url";
import {
    CodeActionRequest,
    ConfigurationRequest,
    createProtocolConnection,
    DiagnosticRefreshRequest,
    DidChangeConfigurationNotification,
    DidChangeTextDocumentNotification,
    DidChangeWatchedFilesNotification,
    DidCloseTextDocumentNotification,
    DidOpenTextDocumentNotification,
    DocumentDiagnosticRequest,
    ExitNotification,
    InitializedNotification,
    InitializeRequest,
    InlayHintRefreshRequest,
    LogMessageNotification,
    PublishDiagnosticsNotification,
    RegistrationRequest,
    SemanticTokensRefreshRequest,
    ShowDocumentRequest,
    ShowMessageNotification,
    ShutdownRequest,
    UnregistrationRequest,
    WorkDoneProgressCreateRequest,
    WorkspaceDiagnosticRequest,
} from "vscode-languageserver-protocol/node";
import { TextDocument } from "vscode-languageserver-textdocument";

/** @typedef {import("vscode-languageserver-protocol").ClientCapabilities} ClientCapabilities */
/** @typedef {import("vscode-languageserver-protocol").Diagnostic} Diagnostic */
/** @typedef {import("vscode-languageserver-protocol").TextEdit} TextEdit */
/** @typedef {import("vscode-languageserver-protocol").WorkspaceEdit} WorkspaceEdit */
/** @typedef {import("vscode-languageserver-protocol").Range} Range */

/** How long something may take on a slow machine. */
export const PATIENCE_MS = 60_000;

/** The program that is tested. */
export const PROGRAM = process.env.PROXYCHECK ?? "";
assert.ok(PROGRAM, "PROXYCHECK must name the program that is tested");

/** What editors of today can do. */
const MODERN = {
    general: { positionEncodings: ["utf-16"] },
    textDocument: {
        codeAction: {
            codeActionLiteralSupport: { codeActionKind: { valueSet: [] } },
            dataSupport: true,
            disabledSupport: true,
            isPreferredSupport: true,
            resolveSupport: { properties: ["edit"] },
        },
        completion: {
            completionItem: {
                deprecatedSupport: true,
                documentationFormat: ["markdown"],
                resolveSupport: { properties: ["documentation", "detail"] },
                tagSupport: { valueSet: [1] },
            },
            contextSupport: true,
        },
        definition: { linkSupport: true },
        diagnostic: { dynamicRegistration: true, relatedDocumentSupport: true },
        documentHighlight: {},
        hover: { contentFormat: ["markdown", "plaintext"] },
        inlayHint: {},
        publishDiagnostics: {
            codeDescriptionSupport: true,
            dataSupport: true,
            relatedInformation: true,
            tagSupport: { valueSet: [1, 2] },
            versionSupport: true,
        },
        references: {},
        rename: { prepareSupport: true },
        semanticTokens: {
            formats: ["relative"],
            requests: { full: true, range: true },
            tokenModifiers: [],
            tokenTypes: ["variable"],
        },
        signatureHelp: {
            signatureInformation: {
                activeParameterSupport: true,
                documentationFormat: ["markdown"],
                parameterInformation: { labelOffsetSupport: true },
            },
        },
        synchronization: { didSave: true },
        typeDefinition: { linkSupport: true },
    },
    notebookDocument: { synchronization: {} },
    window: { showDocument: { support: true }, workDoneProgress: true },
    workspace: {
        applyEdit: true,
        configuration: true,
        diagnostics: { refreshSupport: true },
        didChangeConfiguration: { dynamicRegistration: true },
        didChangeWatchedFiles: { dynamicRegistration: true },
        inlayHint: { refreshSupport: true },
        semanticTokens: { refreshSupport: true },
        workspaceEdit: { documentChanges: true },
        workspaceFolders: true,
    },
};

/**
 * A client's abilities: today's with some changed, or taken away by `undefined`.
 *
 * @param {object} changes
 * @returns {ClientCapabilities}
 */
export function capabilities(changes = {}) {
    /** @type {(base: any, change: any) => any} */
    const merge = (base, change) => {
        if (!isObject(base) || !isObject(change)) {
            return change;
        }
        const names = new Set([...Object.keys(base), ...Object.keys(change)]);
        return Object.fromEntries(
            [...names].map((it) => [it, it in change ? merge(base[it], change[it]) : base[it]]),
        );
    };
    return merge(MODERN, changes);
}

/** @param {unknown} value */
function isObject(value) {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * @typedef {object} Options
 * @property {string[]} [folders] Paths; none means that no folder is open.
 * @property {ClientCapabilities} [capabilities]
 * @property {object} [settings] What the server is told when it asks for section `proxycheck`.
 * @property {number | null} [processId]
 * @property {object} [initializationOptions]
 */

export class Client {
    /** Texts of open documents. @type {Map<string, TextDocument>} */
    documents = new Map();
    /** What was published, in order. @type {import("vscode-languageserver-protocol").PublishDiagnosticsParams[]} */
    published = [];
    /** @type {import("vscode-languageserver-protocol").Registration[]} */
    registrations = [];
    /** What the user was told. @type {string[]} */
    messages = [];
    /** @type {string[]} */
    shown = [];
    /** Requests of the server to ask again, by method. @type {Record<string, number>} */
    refreshes = {};
    /** @type {object} */
    settings;
    /** How often the server asked for settings. */
    asked = 0;
    stderr = "";

    /**
     * @param {import("node:test").TestContext} context
     * @param {Options} [options]
     */
    constructor(context, options = {}) {
        this.options = options;
        this.settings = options.settings ?? {};
        this.process = spawn(PROGRAM, ["server"], { stdio: "pipe" });
        this.process.stderr.setEncoding("utf8").on("data", (it) => {
            this.stderr += it;
        });
        // Writing to a server that has ended fails; what the test expects shows it.
        this.process.stdin.on("error", () => {});
        /** @type {Promise<number | string | null>} */
        this.ended = new Promise((resolve, reject) => {
            this.process.on("error", reject);
            this.process.on("exit", (code, signal) => resolve(signal ?? code));
        });
        this.connection = createProtocolConnection(this.process.stdout, this.process.stdin);
        this.listen();
        context.after(() => {
            this.connection.dispose();
            this.process.kill("SIGKILL");
        });
    }

    /**
     * @param {import("node:test").TestContext} context
     * @param {Options} options
     */
    static async start(context, options) {
        const client = new Client(context, options);
        await client.initialize();
        return client;
    }

    listen() {
        const { connection } = this;
        connection.onRequest(ConfigurationRequest.type, ({ items }) => {
            this.asked += 1;
            return items.map(({ section }) => (section === "proxycheck" ? this.settings : null));
        });
        connection.onRequest(RegistrationRequest.type, ({ registrations }) => {
            this.registrations.push(...registrations);
        });
        connection.onRequest(UnregistrationRequest.type, ({ unregisterations }) => {
            const gone = new Set(unregisterations.map((it) => it.id));
            this.registrations = this.registrations.filter((it) => !gone.has(it.id));
        });
        for (const { method } of [
            DiagnosticRefreshRequest,
            InlayHintRefreshRequest,
            SemanticTokensRefreshRequest,
        ]) {
            this.refreshes[method] = 0;
            connection.onRequest(method, () => {
                this.refreshes[method] = (this.refreshes[method] ?? 0) + 1;
                return null;
            });
        }
        connection.onRequest(ShowDocumentRequest.type, ({ uri }) => {
            this.shown.push(uri);
            return { success: true };
        });
        connection.onRequest(WorkDoneProgressCreateRequest.type, () => {});
        connection.onNotification(PublishDiagnosticsNotification.type, (it) => {
            this.published.push(it);
        });
        connection.onNotification(ShowMessageNotification.type, (it) => {
            this.messages.push(it.message);
        });
        connection.onNotification(LogMessageNotification.type, () => {});
        connection.listen();
    }

    async initialize() {
        const { folders = [] } = this.options;
        const result = await this.connection.sendRequest(InitializeRequest.type, {
            processId: this.options.processId === undefined ? process.pid : this.options.processId,
            rootUri: null,
            capabilities: this.options.capabilities ?? capabilities(),
            initializationOptions: this.options.initializationOptions,
            workspaceFolders: folders.map((it) => ({ uri: pathToFileURL(it).href, name: it })),
        });
        await this.connection.sendNotification(InitializedNotification.type, {});
        return result;
    }

    /** @param {string} uri @param {string} text */
    async open(uri, text) {
        this.documents.set(uri, TextDocument.create(uri, "python", 1, text));
        await this.connection.sendNotification(DidOpenTextDocumentNotification.type, {
            textDocument: { uri, languageId: "python", version: 1, text },
        });
    }

    /** Edits one after the other, each in the text that the one before has left.
     *
     * @param {string} uri @param {...TextEdit} edits
     */
    async edit(uri, ...edits) {
        const document = this.document(uri);
        TextDocument.update(
            document,
            edits.map((it) => ({ range: it.range, text: it.newText })),
            document.version + 1,
        );
        await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
            textDocument: { uri, version: document.version },
            contentChanges: edits.map((it) => ({ range: it.range, text: it.newText })),
        });
    }

    /** @param {string} uri @param {string} text */
    async replace(uri, text) {
        const document = this.document(uri);
        TextDocument.update(document, [{ text }], document.version + 1);
        await this.connection.sendNotification(DidChangeTextDocumentNotification.type, {
            textDocument: { uri, version: document.version },
            contentChanges: [{ text }],
        });
    }

    /** @param {string} uri */
    async close(uri) {
        this.documents.delete(uri);
        await this.connection.sendNotification(DidCloseTextDocumentNotification.type, {
            textDocument: { uri },
        });
    }

    /** @param {string} uri */
    document(uri) {
        const document = this.documents.get(uri);
        assert.ok(document, `${uri} is not open`);
        return document;
    }

    /** @param {string} uri */
    text(uri) {
        return this.document(uri).getText();
    }

    /** @param {string} uri @param {string} [previousResultId] */
    diagnose(uri, previousResultId) {
        return this.connection.sendRequest(DocumentDiagnosticRequest.type, {
            textDocument: { uri },
            ...(previousResultId === undefined ? {} : { previousResultId }),
        });
    }

    /**
     * The findings of a document.
     *
     * @param {string} uri
     */
    async findings(uri) {
        const report = await this.diagnose(uri);
        assert.equal(report.kind, "full");
        return /** @type {import("vscode-languageserver-protocol").FullDocumentDiagnosticReport} */ (
            report
        ).items;
    }

    /** The rules of what is found in a document. @param {string} uri */
    async rules(uri) {
        return rulesOf(await this.findings(uri));
    }

    /**
     * The findings of all files, by address.
     *
     * @param {import("vscode-languageserver-protocol").PreviousResultId[]} [previousResultIds]
     */
    async diagnoseWorkspace(previousResultIds = []) {
        const { items } = await this.connection.sendRequest(WorkspaceDiagnosticRequest.type, {
            previousResultIds,
        });
        return new Map(items.map((it) => [it.uri, it]));
    }

    /** The rules of what is found in any file, by address; files without findings are left out. */
    async workspaceRules() {
        /** @type {Record<string, (string | undefined)[]>} */
        const rules = {};
        for (const [uri, report] of await this.diagnoseWorkspace()) {
            if (report.kind === "full" && report.items.length > 0) {
                rules[uri] = rulesOf(report.items);
            }
        }
        return rules;
    }

    /**
     * What is offered for a range, with its effect.
     *
     * @param {string} uri @param {Range} range @param {string[]} [only]
     */
    async actions(uri, range, only) {
        const diagnostics = (await this.findings(uri)).filter(
            (it) => it.range.start.line <= range.end.line && it.range.end.line >= range.start.line,
        );
        const actions = await this.connection.sendRequest(CodeActionRequest.type, {
            textDocument: { uri },
            range,
            context: { diagnostics, ...(only === undefined ? {} : { only }) },
        });
        return (actions ?? []).map((it) => {
            assert.ok(!("command" in it && typeof it.command === "string"), "a bare command");
            return /** @type {import("vscode-languageserver-protocol").CodeAction} */ (it);
        });
    }

    /** Does to open documents what an edit says. @param {WorkspaceEdit | undefined} edit */
    async apply(edit) {
        assert.ok(edit, "there is no edit");
        for (const [uri, edits] of Object.entries(editsOf(edit))) {
            await this.replace(uri, TextDocument.applyEdits(this.document(uri), edits));
        }
    }

    /** @param {object} settings */
    async configure(settings) {
        this.settings = settings;
        await this.connection.sendNotification(DidChangeConfigurationNotification.type, {
            settings: null,
        });
    }

    /** @param {...{ uri: string, type: import("vscode-languageserver-protocol").FileChangeType }} changes */
    async tellOfFiles(...changes) {
        await this.connection.sendNotification(DidChangeWatchedFilesNotification.type, { changes });
    }

    /** What was last published for a document. @param {string} uri */
    lastPublished(uri) {
        return this.published.findLast((it) => it.uri === uri);
    }

    /** Ends the server as the protocol says; gives its exit code. */
    async stop() {
        await this.connection.sendRequest(ShutdownRequest.type);
        await this.connection.sendNotification(ExitNotification.type);
        return within(this.ended, "the server to end");
    }
}

/** @param {Diagnostic[]} diagnostics */
export function rulesOf(diagnostics) {
    return diagnostics.map((it) => it.code?.toString());
}

/**
 * The text edits of an edit, by address.
 *
 * @param {WorkspaceEdit} edit
 */
export function editsOf(edit) {
    /** @type {Record<string, TextEdit[]>} */
    const edits = { ...edit.changes };
    for (const change of edit.documentChanges ?? []) {
        assert.ok("textDocument" in change, "files are created, renamed or deleted");
        edits[change.textDocument.uri] = /** @type {TextEdit[]} */ (change.edits);
    }
    return edits;
}

/**
 * @template T
 * @param {Promise<T>} promise @param {string} what @param {number} [patience]
 * @returns {Promise<T>}
 */
export async function within(promise, what, patience = PATIENCE_MS) {
    /** @type {NodeJS.Timeout | undefined} */
    let timer;
    const late = new Promise((_, reject) => {
        timer = setTimeout(() => reject(new Error(`waited in vain for ${what}`)), patience);
    });
    try {
        return await Promise.race([promise, /** @type {Promise<never>} */ (late)]);
    } finally {
        clearTimeout(timer);
    }
}

/**
 * Waits until something is so.
 *
 * @param {() => unknown} condition May return a promise.
 * @param {string} what
 */
export async function until(condition, what) {
    const start = Date.now();
    while (!(await condition())) {
        if (Date.now() - start > PATIENCE_MS) {
            throw new Error(`waited in vain for ${what}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
}
