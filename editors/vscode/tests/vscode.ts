/**
 * As much of the module `vscode` as the extension and `vscode-languageclient` use to work on one document:
 * documents that can be opened and edited, settings, providers that can be called, and what was shown.
 */

import { EventEmitter as NodeEvents } from "node:events";
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import manifest from "../package.json";

export class Disposable {
    constructor(private readonly action: () => unknown) {}
    static from(...items: { dispose(): unknown }[]) {
        return new Disposable(() => {
            for (const item of items) {
                item.dispose();
            }
        });
    }
    dispose() {
        this.action();
    }
}

export class EventEmitter<T> {
    private readonly events = new NodeEvents();
    readonly event = (
        listener: (event: T) => unknown,
        self?: unknown,
        disposables?: Disposable[],
    ) => {
        const bound = self === undefined ? listener : listener.bind(self);
        this.events.on("event", bound);
        const disposable = new Disposable(() => this.events.off("event", bound));
        disposables?.push(disposable);
        return disposable;
    };
    fire(event: T) {
        this.events.emit("event", event);
    }
    dispose() {
        this.events.removeAllListeners();
    }
}

export class CancellationTokenSource {
    private readonly cancelled = new EventEmitter<void>();
    readonly token = {
        isCancellationRequested: false,
        onCancellationRequested: this.cancelled.event,
    };
    cancel() {
        this.token.isCancellationRequested = true;
        this.cancelled.fire();
    }
    dispose() {
        this.cancelled.dispose();
    }
}

export class CancellationError extends Error {}

export class Uri {
    private constructor(
        readonly scheme: string,
        readonly path: string,
    ) {}
    readonly authority = "";
    readonly query = "";
    readonly fragment = "";
    static file(path: string) {
        return new Uri("file", path);
    }
    static parse(text: string) {
        if (text.startsWith("file:")) {
            return Uri.file(fileURLToPath(text));
        }
        const colon = text.indexOf(":");
        return new Uri(text.slice(0, colon), text.slice(colon + 1));
    }
    static from({ scheme, path }: { scheme: string; path: string }) {
        return new Uri(scheme, path);
    }
    static joinPath(base: Uri, ...parts: string[]) {
        return new Uri(base.scheme, join(base.path, ...parts));
    }
    get fsPath() {
        return this.path;
    }
    toString() {
        return this.scheme === "file"
            ? pathToFileURL(this.path).href
            : `${this.scheme}:${this.path}`;
    }
}

export class Position {
    constructor(
        readonly line: number,
        readonly character: number,
    ) {}
}

export class Range {
    readonly start: Position;
    readonly end: Position;
    constructor(...places: [Position, Position] | [number, number, number, number]) {
        const [start, end] =
            places.length === 2
                ? places
                : [new Position(places[0], places[1]), new Position(places[2], places[3])];
        this.start = start;
        this.end = end;
    }
}

export class Selection extends Range {
    get active() {
        return this.end;
    }
}

export class Location {
    constructor(
        readonly uri: Uri,
        readonly range: Range,
    ) {}
}

export class MarkdownString {
    isTrusted: unknown;
    supportHtml: unknown;
    supportThemeIcons: unknown;
    constructor(public value = "") {}
    appendCodeblock(text: string, language = "") {
        this.value += `\n\`\`\`${language}\n${text}\n\`\`\`\n`;
        return this;
    }
}

export class Hover {
    constructor(
        readonly contents: unknown,
        readonly range?: Range,
    ) {}
}

export class Diagnostic {
    source: string | undefined;
    code: unknown;
    constructor(
        readonly range: Range,
        readonly message: string,
        readonly severity?: number,
    ) {}
}

export class DiagnosticRelatedInformation {
    constructor(
        readonly location: Location,
        readonly message: string,
    ) {}
}

/** Classes that `vscode-languageclient` only makes or derives from. */
class Plain {
    readonly args: unknown[];
    constructor(...args: unknown[]) {
        this.args = args;
    }
}
export const CallHierarchyItem = class extends Plain {};
export const CodeAction = class extends Plain {};
export const CodeLens = class extends Plain {};
export const CompletionItem = class extends Plain {};
export const CompletionList = class extends Plain {};
export const DocumentLink = class extends Plain {};
export const InlayHint = class extends Plain {};
export const SemanticTokens = class extends Plain {};
export const SemanticTokensLegend = class extends Plain {};
export const SymbolInformation = class extends Plain {};
export const ThemeColor = class extends Plain {};
export const TypeHierarchyItem = class extends Plain {};
export const WorkspaceEdit = class extends Plain {};
export const NotebookCellData = class extends Plain {};
export const RelativePattern = class extends Plain {};

export class CodeActionKind {
    static readonly Empty = new CodeActionKind("");
    static readonly QuickFix = new CodeActionKind("quickfix");
    static readonly Refactor = new CodeActionKind("refactor");
    static readonly RefactorExtract = new CodeActionKind("refactor.extract");
    static readonly RefactorInline = new CodeActionKind("refactor.inline");
    static readonly RefactorMove = new CodeActionKind("refactor.move");
    static readonly RefactorRewrite = new CodeActionKind("refactor.rewrite");
    static readonly Source = new CodeActionKind("source");
    static readonly SourceFixAll = new CodeActionKind("source.fixAll");
    static readonly SourceOrganizeImports = new CodeActionKind("source.organizeImports");
    static readonly Notebook = new CodeActionKind("notebook");
    constructor(readonly value: string) {}
    append(part: string) {
        return new CodeActionKind(this.value ? `${this.value}.${part}` : part);
    }
}

export const CodeActionTriggerKind = { Invoke: 1, Automatic: 2 };
export const CompletionItemKind = { Text: 0, Method: 1, Reference: 17 };
export const CompletionItemTag = { Deprecated: 1 };
export const CompletionTriggerKind = { Invoke: 0 };
export const DiagnosticSeverity = { Error: 0, Warning: 1, Information: 2, Hint: 3 };
export const DiagnosticTag = { Unnecessary: 1, Deprecated: 2 };
export const DocumentHighlightKind = { Text: 0, Read: 1, Write: 2 };
export const EndOfLine = { LF: 1, CRLF: 2 };
export const FoldingRangeKind = { Comment: 1 };
export const InlayHintKind = { Type: 1, Parameter: 2 };
export const LogLevel = { Off: 0, Trace: 1, Debug: 2, Info: 3, Warning: 4, Error: 5 };
export const NotebookCellKind = { Markup: 1, Code: 2 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const SignatureHelpTriggerKind = { Invoke: 1 };
export const StatusBarAlignment = { Left: 1, Right: 2 };
export const SymbolKind = { File: 0 };
export const SymbolTag = { Deprecated: 1 };
export const TextDocumentChangeReason = { Undo: 1, Redo: 2 };
export const TextDocumentSaveReason = { Manual: 1 };

export const version = "1.91.0";

export class TextDocument {
    version = 1;
    readonly languageId = "python";
    readonly isClosed = false;
    readonly isDirty = false;
    readonly isUntitled = false;
    readonly eol = EndOfLine.LF;
    constructor(
        readonly uri: Uri,
        public text: string,
    ) {}
    get fileName() {
        return this.uri.fsPath;
    }
    get lineCount() {
        return this.text.split("\n").length;
    }
    getText() {
        return this.text;
    }
    lineAt(line: number) {
        return { text: this.text.split("\n")[line] ?? "" };
    }
}

/** What the extension did, and means to do to it what a user would. */
export const editor = {
    /** Settings that the user made, without the section. */
    settings: {} as Record<string, unknown>,
    log: [] as string[],
    /** What messages said. */
    messages: [] as string[],
    /** Which lists were shown, and which of their items is chosen. */
    lists: [] as { label: string }[][],
    choose: (_items: { label: string }[]): unknown => undefined,
    statusItem: { text: "", tooltip: "", command: "", backgroundColor: undefined as unknown },
    commands: new Map<string, (...args: unknown[]) => unknown>(),
    /** What the editor's own commands were called with. */
    called: [] as { command: string; args: unknown[] }[],
    contents: new Map<string, { provideTextDocumentContent(uri: Uri): Promise<unknown> }>(),
    providers: new Map<string, Record<string, (...args: unknown[]) => unknown>>(),
    diagnostics: new Map<string, Diagnostic[]>(),
    documents: [] as TextDocument[],
    isTrusted: true,
    /** The folders of the workspace, which are the same objects each time they are asked for. */
    folders: [] as { uri: Uri; name: string; index: number }[],

    openFolder(path: string) {
        editor.folders = [{ uri: Uri.file(path), name: basename(path), index: 0 }];
    },

    open(path: string): TextDocument {
        const document = new TextDocument(Uri.file(path), readFileSync(path, "utf8"));
        editor.documents.push(document);
        window.activeTextEditor = { document, selection: new Selection(0, 0, 0, 0) };
        window.visibleTextEditors.push(window.activeTextEditor);
        events.show.fire(window.visibleTextEditors);
        events.open.fire(document);
        events.activate.fire(window.activeTextEditor);
        return document;
    },

    /** Replaces the text of a document. */
    edit(document: TextDocument, text: string) {
        const lines = document.text.split("\n");
        const range = new Range(0, 0, lines.length - 1, lines.at(-1)?.length ?? 0);
        const change = { range, rangeOffset: 0, rangeLength: document.text.length, text };
        document.text = text;
        document.version += 1;
        events.change.fire({ document, contentChanges: [change], reason: undefined });
    },

    set(name: string, value: unknown) {
        editor.settings[name] = value;
        const affectsConfiguration = (section: string) =>
            `proxycheck.${name}`.startsWith(section) || section.startsWith(`proxycheck.${name}`);
        events.configure.fire({ affectsConfiguration });
    },
};

const events = {
    open: new EventEmitter<TextDocument>(),
    change: new EventEmitter<unknown>(),
    configure: new EventEmitter<unknown>(),
    activate: new EventEmitter<unknown>(),
    show: new EventEmitter<unknown>(),
    trust: new EventEmitter<void>(),
};

/** Events that never happen here. */
const never = () => new Disposable(() => {});

function channel() {
    const write = (line: unknown) => editor.log.push(String(line));
    return {
        name: "proxycheck",
        logLevel: LogLevel.Info,
        onDidChangeLogLevel: never,
        append: write,
        appendLine: write,
        trace: write,
        debug: write,
        info: write,
        warn: write,
        error: write,
        clear() {},
        show: () => editor.called.push({ command: "show the log", args: [] }),
        dispose() {},
    };
}

type Properties = Record<string, { default: unknown }>;
const defaults: Properties = manifest.contributes.configuration.properties;

function configuration(section: string | undefined) {
    const key = (name: string) => [section, name].filter(Boolean).join(".");
    const value = (name: string) =>
        editor.settings[key(name).replace(/^proxycheck\./, "")] ?? defaults[key(name)]?.default;
    return {
        get: (name: string, otherwise?: unknown) => value(name) ?? otherwise,
        has: (name: string) => value(name) !== undefined,
        inspect: (name: string) => ({
            key: key(name),
            defaultValue: defaults[key(name)]?.default,
            globalValue: editor.settings[key(name).replace(/^proxycheck\./, "")],
        }),
    };
}

export const workspace = {
    get workspaceFolders() {
        return editor.folders;
    },
    get isTrusted() {
        return editor.isTrusted;
    },
    get textDocuments() {
        return editor.documents;
    },
    notebookDocuments: [],
    getConfiguration: configuration,
    getWorkspaceFolder: () => editor.folders[0],
    createFileSystemWatcher: () => ({
        onDidCreate: never,
        onDidChange: never,
        onDidDelete: never,
        dispose() {},
    }),
    registerTextDocumentContentProvider(
        scheme: string,
        provider: { provideTextDocumentContent(uri: Uri): Promise<unknown> },
    ) {
        editor.contents.set(scheme, provider);
        return new Disposable(() => editor.contents.delete(scheme));
    },
    onDidOpenTextDocument: events.open.event,
    onDidChangeTextDocument: events.change.event,
    onDidChangeConfiguration: events.configure.event,
    onDidGrantWorkspaceTrust: events.trust.event,
    onDidChangeWorkspaceFolders: never,
    onDidChangeNotebookDocument: never,
    onDidCloseNotebookDocument: never,
    onDidCloseTextDocument: never,
    onDidCreateFiles: never,
    onDidDeleteFiles: never,
    onDidOpenNotebookDocument: never,
    onDidRenameFiles: never,
    onDidSaveNotebookDocument: never,
    onDidSaveTextDocument: never,
    onWillCreateFiles: never,
    onWillDeleteFiles: never,
    onWillRenameFiles: never,
    onWillSaveTextDocument: never,
};

interface TextEditor {
    document: TextDocument;
    selection: Selection;
}

function tell(message: string) {
    editor.messages.push(message);
    return Promise.resolve(undefined);
}

export const window = {
    activeTextEditor: undefined as TextEditor | undefined,
    visibleTextEditors: [] as TextEditor[],
    tabGroups: { all: [], onDidChangeTabs: never, onDidChangeTabGroups: never },
    onDidChangeActiveTextEditor: events.activate.event,
    onDidChangeVisibleTextEditors: events.show.event,
    onDidChangeVisibleNotebookEditors: never,
    visibleNotebookEditors: [],
    createOutputChannel: channel,
    createStatusBarItem: () => Object.assign(editor.statusItem, { show() {}, dispose() {} }),
    showErrorMessage: tell,
    showInformationMessage: tell,
    showWarningMessage: tell,
    async showQuickPick(items: { label: string }[]) {
        editor.lists.push(items);
        return editor.choose(items);
    },
    withProgress: (_: unknown, task: (...args: unknown[]) => unknown) =>
        task({ report() {} }, new CancellationTokenSource().token),
};

/** Anything else that is registered here is a provider, found again under the name of its kind. */
export const languages = new Proxy(
    {
        match: (selector: unknown, document: TextDocument) =>
            [selector].flat().some((it) => {
                const filter = it as { language?: string; scheme?: string };
                return (
                    (filter.language ?? "python") === document.languageId &&
                    (filter.scheme ?? "file") === document.uri.scheme
                );
            })
                ? 10
                : 0,
        getDiagnostics: (uri: Uri) => editor.diagnostics.get(uri.toString()) ?? [],
        createDiagnosticCollection: () => ({
            set: (uri: Uri, found: Diagnostic[] | undefined) =>
                editor.diagnostics.set(uri.toString(), found ?? []),
            has: (uri: Uri) => editor.diagnostics.has(uri.toString()),
            get: (uri: Uri) => editor.diagnostics.get(uri.toString()),
            delete: (uri: Uri) => editor.diagnostics.delete(uri.toString()),
            clear: () => editor.diagnostics.clear(),
            dispose: () => editor.diagnostics.clear(),
        }),
    } as Record<string, unknown>,
    {
        get(known, name: string) {
            const kind = /^register(\w+)Provider$/.exec(name)?.[1];
            if (kind === undefined) {
                return known[name];
            }
            return (_: unknown, provider: Record<string, () => unknown>) => {
                editor.providers.set(kind, provider);
                return new Disposable(() => editor.providers.delete(kind));
            };
        },
    },
);

export const commands = {
    registerCommand(name: string, action: (...args: unknown[]) => unknown) {
        if (editor.commands.has(name)) {
            throw new Error(`the command ${name} is there already`);
        }
        editor.commands.set(name, action);
        return new Disposable(() => editor.commands.delete(name));
    },
    async executeCommand(command: string, ...args: unknown[]) {
        const action = editor.commands.get(command);
        if (action !== undefined) {
            return action(...args);
        }
        editor.called.push({ command, args });
        return undefined;
    },
};

export const extensions = { getExtension: (): unknown => undefined };

export const env = {
    appName: "A stand-in for Visual Studio Code",
    language: "en",
    openExternal: async () => true,
};
