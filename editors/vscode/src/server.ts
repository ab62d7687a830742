/** The server: finds its program, starts it, and tells how it is. */

import { execFile } from "node:child_process";
import { realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as vscode from "vscode";
import {
    State as ClientState,
    type Executable,
    LanguageClient,
    type LanguageClientOptions,
    RevealOutputChannelOn,
} from "vscode-languageclient/node";
import { type Binary, describeMisses, explainMissing, find, places } from "./binary";
import { probe } from "./probe";
import { type Environment, selectedEnvironment } from "./python";
import { isRule, pagePath, parseRules, RULE_SCHEME, type Rule } from "./rules";
import { pathSetting, type Reader, serverSettings, type Variables } from "./settings";
import type { State } from "./status";

const SECTION = "proxycheck";

/** What a restart is needed for; the server asks for all other settings when they change. */
const NEEDS_RESTART = `${SECTION}.path`;

export class Server implements vscode.Disposable {
    private client: LanguageClient | undefined;
    private binary: Binary | undefined;
    private current: State = { kind: "stopped" };
    private readonly changed = new vscode.EventEmitter<State>();
    /** Starts and stops wait for each other. */
    private queue: Promise<void> = Promise.resolve();

    /** Fires when the state changes. */
    readonly onDidChangeState = this.changed.event;

    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly log: vscode.LogOutputChannel,
        private readonly showRule: (rule: string) => Promise<void>,
    ) {}

    get state(): State {
        return this.current;
    }

    start(): Promise<void> {
        return this.enqueue(() => this.launch());
    }

    stop(): Promise<void> {
        return this.enqueue(() => this.halt());
    }

    restart(): Promise<void> {
        return this.enqueue(async () => {
            await this.halt();
            await this.launch();
        });
    }

    /** Starts the server again if a setting changed that it cannot take over while it runs. */
    async configurationChanged(event: vscode.ConfigurationChangeEvent): Promise<void> {
        if (event.affectsConfiguration(NEEDS_RESTART)) {
            await this.restart();
        }
    }

    /** The page of a rule in Markdown. Fails if there is no such rule. */
    async rulePage(rule: string): Promise<string> {
        if (!this.client?.isRunning()) {
            throw new Error("proxycheck is not running");
        }
        const page = await this.client.sendRequest<{ markdown: string }>("proxycheck/rulePage", {
            rule,
        });
        return page.markdown;
    }

    /** All rules. */
    async rules(): Promise<Rule[]> {
        if (this.binary === undefined) {
            throw new Error("proxycheck is not running");
        }
        const { stdout } = await promisify(execFile)(this.binary.path, [
            "rules",
            "--format",
            "json",
        ]);
        return parseRules(stdout);
    }

    dispose(): void {
        void this.stop();
        this.changed.dispose();
    }

    private enqueue(action: () => Promise<void>): Promise<void> {
        this.queue = this.queue.then(action).catch((error) => this.fail(messageOf(error)));
        return this.queue;
    }

    private async launch(): Promise<void> {
        this.become({ kind: "starting" });
        const environment = await this.environment();
        const binary = await this.search(environment);
        this.binary = binary;
        if (binary === undefined) {
            return;
        }
        this.log.info(`starting proxycheck ${binary.version}: ${binary.path}`);
        const client = new LanguageClient(
            SECTION,
            "proxycheck",
            executable(binary, environment),
            this.clientOptions(),
        );
        this.client = client;
        client.onDidChangeState(({ newState }) => {
            if (this.client !== client) {
                return;
            }
            if (newState === ClientState.Running) {
                this.become({ kind: "running", version: binary.version, path: binary.path });
            } else if (newState === ClientState.Starting) {
                this.become({ kind: "starting" });
            } else {
                this.become({
                    kind: "failed",
                    reason: "proxycheck stopped unexpectedly; its log may tell why",
                    isHandled: true,
                });
            }
        });
        await client.start();
    }

    private async halt(): Promise<void> {
        const client = this.client;
        this.client = undefined;
        if (client === undefined) {
            return;
        }
        try {
            // Disposing of a client that did not start, or whose server died, fails.
            await client.dispose();
        } catch (error) {
            this.log.warn(`proxycheck did not stop as it should: ${messageOf(error)}`);
        }
        this.become({ kind: "stopped" });
    }

    private async environment(): Promise<Environment | undefined> {
        try {
            return await selectedEnvironment(vscode.workspace.workspaceFolders?.[0]?.uri);
        } catch (error) {
            this.log.warn(`the Python extension does not answer: ${messageOf(error)}`);
            return undefined;
        }
    }

    private async search(environment: Environment | undefined): Promise<Binary | undefined> {
        const isTrusted = vscode.workspace.isTrusted;
        const search = await find(
            places({
                platform: process.platform,
                variables: process.env,
                setting: pathSetting(reader(), "path", variables()),
                folders: (vscode.workspace.workspaceFolders ?? []).map((it) => it.uri.fsPath),
                environments: environment === undefined ? [] : [environment.folder],
                bundle: join(this.context.extensionPath, "bin"),
                isTrusted,
                realpath,
            }),
            probe,
        );
        for (const line of describeMisses(search.misses)) {
            this.log.info(line);
        }
        if (search.kind === "found") {
            return search.binary;
        }
        this.fail(explainMissing(search.misses, isTrusted));
        return undefined;
    }

    private clientOptions(): LanguageClientOptions {
        return {
            documentSelector: [
                { language: "python", scheme: "file" },
                { language: "python", scheme: "untitled" },
                { language: "python", scheme: "vscode-notebook-cell" },
            ],
            outputChannel: this.log,
            revealOutputChannelOn: RevealOutputChannelOn.Never,
            initializationFailedHandler: (error) => {
                this.log.error(`the server could not be initialized: ${messageOf(error)}`);
                return false;
            },
            diagnosticPullOptions: { onChange: true },
            middleware: {
                executeCommand: async (command, args, next) =>
                    command === "proxycheck.showRule" && typeof args[0] === "string"
                        ? this.showRule(args[0])
                        : next(command, args),
                // Rules that are documented nowhere else have pages here, where a click on one leads.
                handleDiagnostics: (uri, diagnostics, next) => {
                    link(diagnostics);
                    next(uri, diagnostics);
                },
                provideDiagnostics: async (document, previous, token, next) => {
                    const report = await next(document, previous, token);
                    linkReport(report);
                    return report;
                },
                provideWorkspaceDiagnostics: (previous, token, take, next) =>
                    next(previous, token, (chunk) => {
                        chunk?.items.forEach(linkReport);
                        take(chunk);
                    }),
                // No tokens at all, unlike the server's none, let those of other extensions through.
                provideDocumentSemanticTokens: (document, token, next) =>
                    hasSemanticTokens() ? next(document, token) : undefined,
                provideDocumentRangeSemanticTokens: (document, range, token, next) =>
                    hasSemanticTokens() ? next(document, range, token) : undefined,
                workspace: {
                    configuration: (params, token, next) => {
                        if (params.items.every((it) => it.section === SECTION)) {
                            return params.items.map(() => serverSettings(reader(), variables()));
                        }
                        return next(params, token);
                    },
                },
            },
        };
    }

    private fail(reason: string): void {
        this.log.error(reason);
        this.become({ kind: "failed", reason, isHandled: false });
    }

    private become(state: State): void {
        this.current = state;
        this.changed.fire(state);
    }
}

function executable(binary: Binary, environment: Environment | undefined): Executable {
    const env = { ...process.env };
    if (environment?.isVirtual) {
        // Not as the setting `python`, which would count more than the project's configuration.
        env.VIRTUAL_ENV = environment.folder;
    }
    return { command: binary.path, args: ["server"], options: { env } };
}

function reader(): Reader {
    const configuration = vscode.workspace.getConfiguration(SECTION);
    return {
        get: (name) => configuration.get(name),
        isSet: (name) => {
            const found = configuration.inspect(name);
            return (
                found !== undefined &&
                [
                    found.globalValue,
                    found.workspaceValue,
                    found.workspaceFolderValue,
                    found.globalLanguageValue,
                    found.workspaceLanguageValue,
                    found.workspaceFolderLanguageValue,
                ].some((it) => it !== undefined)
            );
        },
    };
}

function variables(): Variables {
    return {
        home: homedir(),
        folder: vscode.workspace.workspaceFolders?.[0]?.uri.fsPath,
        environment: process.env,
    };
}

function linkReport(report: { kind: unknown } | null | undefined): void {
    if (report && "items" in report) {
        link(report.items as vscode.Diagnostic[]);
    }
}

/** Has a rule's page shown as a preview, in the place of the file with its Markdown. */
function link(diagnostics: vscode.Diagnostic[]): void {
    for (const diagnostic of diagnostics) {
        const { code } = diagnostic;
        const rule = typeof code === "object" && code.target.scheme === "file" ? code.value : code;
        if (typeof rule === "string" && isRule(rule)) {
            const target = vscode.Uri.from({ scheme: RULE_SCHEME, path: pagePath(rule) });
            diagnostic.code = { value: rule, target };
        }
    }
}

function hasSemanticTokens(): boolean {
    return vscode.workspace.getConfiguration(SECTION).get("semanticTokens") === true;
}

function realpath(path: string): string {
    try {
        return realpathSync.native(path);
    } catch {
        return path;
    }
}

function messageOf(error: unknown): string {
    return error instanceof Error ? error.message : String(error);
}
