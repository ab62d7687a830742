/** What VS Code calls: connects the server with commands, the status bar and rule pages. */

import * as vscode from "vscode";
import { onDidSelectEnvironment } from "./python";
import { pagePath, RULE_SCHEME, ruleAt, ruleOfPage } from "./rules";
import { Server } from "./server";
import { appearance } from "./status";

let server: Server | undefined;

export async function activate(context: vscode.ExtensionContext): Promise<void> {
    const log = vscode.window.createOutputChannel("proxycheck", { log: true });
    const running = new Server(context, log, (rule) => showRule(running, rule));
    server = running;
    context.subscriptions.push(
        log,
        running,
        ...registerCommands(running, log),
        createStatusItem(running),
        vscode.workspace.registerTextDocumentContentProvider(RULE_SCHEME, {
            provideTextDocumentContent: async (uri) => {
                const rule = ruleOfPage(uri.path);
                return rule === undefined ? undefined : running.rulePage(rule);
            },
        }),
        running.onDidChangeState((state) => {
            if (state.kind === "failed" && !state.isHandled) {
                void complain(state.reason, log);
            }
        }),
        vscode.workspace.onDidChangeConfiguration((event) => running.configurationChanged(event)),
        vscode.workspace.onDidGrantWorkspaceTrust(() => running.restart()),
        vscode.workspace.onDidChangeWorkspaceFolders(() => {
            // A new folder may bring the program; a running server is told of it as the protocol says.
            if (running.state.kind === "failed") {
                void running.restart();
            }
        }),
    );
    await running.start();
    try {
        context.subscriptions.push(await onDidSelectEnvironment(() => running.restart()));
    } catch (error) {
        log.warn(`the Python extension does not tell which environment is selected: ${error}`);
    }
}

export async function deactivate(): Promise<void> {
    await server?.stop();
    server = undefined;
}

function registerCommands(server: Server, log: vscode.LogOutputChannel): vscode.Disposable[] {
    const register = (name: string, action: () => unknown) =>
        vscode.commands.registerCommand(`proxycheck.${name}`, action);
    return [
        register("restart", () => server.restart()),
        register("showLog", () => log.show()),
        register("showVersion", () =>
            vscode.window.showInformationMessage(appearance(server.state).tooltip),
        ),
        register("showRuleAtCursor", () => showRuleAtCursor(server)),
        register("showRules", () => pickRule(server)),
        register("showMenu", () => showMenu(server)),
    ];
}

function createStatusItem(server: Server): vscode.Disposable {
    const item = vscode.window.createStatusBarItem("proxycheck", vscode.StatusBarAlignment.Right);
    item.name = "proxycheck";
    item.command = "proxycheck.showMenu";
    const update = () => {
        const { text, tooltip, isError } = appearance(server.state);
        item.text = text;
        item.tooltip = tooltip;
        item.backgroundColor = isError
            ? new vscode.ThemeColor("statusBarItem.errorBackground")
            : undefined;
        item.accessibilityInformation = { label: tooltip, role: "button" };
        item.show();
    };
    update();
    return vscode.Disposable.from(item, server.onDidChangeState(update));
}

async function complain(reason: string, log: vscode.LogOutputChannel): Promise<void> {
    const settings = "Settings";
    const showLog = "Log";
    const restart = "Restart";
    const choice = await vscode.window.showErrorMessage(reason, settings, showLog, restart);
    if (choice === settings) {
        await vscode.commands.executeCommand("workbench.action.openSettings", "proxycheck.path");
    } else if (choice === showLog) {
        log.show();
    } else if (choice === restart) {
        await vscode.commands.executeCommand("proxycheck.restart");
    }
}

async function showMenu(server: Server): Promise<void> {
    const choices = [
        { label: "$(refresh) Restart the server", command: "proxycheck.restart" },
        { label: "$(output) Show the log", command: "proxycheck.showLog" },
        { label: "$(book) Show the rules", command: "proxycheck.showRules" },
    ];
    const choice = await vscode.window.showQuickPick(choices, {
        title: "proxycheck",
        placeHolder: appearance(server.state).tooltip,
    });
    if (choice !== undefined) {
        await vscode.commands.executeCommand(choice.command);
    }
}

async function pickRule(server: Server): Promise<void> {
    try {
        const rules = await server.rules();
        const choice = await vscode.window.showQuickPick(
            rules.map(({ name, summary, level }) => ({
                label: name,
                description: level,
                detail: summary,
            })),
            { title: "Rules of proxycheck", matchOnDetail: true },
        );
        if (choice !== undefined) {
            await showRule(server, choice.label);
        }
    } catch (error) {
        await vscode.window.showErrorMessage(`The rules cannot be listed: ${error}`);
    }
}

async function showRuleAtCursor(server: Server): Promise<void> {
    const editor = vscode.window.activeTextEditor;
    if (editor === undefined) {
        return;
    }
    const cursor = editor.selection.active;
    const findings = vscode.languages.getDiagnostics(editor.document.uri).map((it) => ({
        source: it.source,
        rule: typeof it.code === "object" ? String(it.code.value) : it.code?.toString(),
        range: it.range,
    }));
    const rule = ruleAt(findings, cursor, editor.document.lineAt(cursor.line).text);
    if (rule === undefined) {
        await vscode.window.showInformationMessage("No rule of proxycheck is at the cursor.");
    } else {
        await showRule(server, rule);
    }
}

async function showRule(server: Server, rule: string): Promise<void> {
    try {
        // The preview of a page that cannot be had is an empty one.
        await server.rulePage(rule);
        const uri = vscode.Uri.from({ scheme: RULE_SCHEME, path: pagePath(rule) });
        await vscode.commands.executeCommand("markdown.showPreview", uri);
    } catch (error) {
        await vscode.window.showErrorMessage(`The rule ${rule} cannot be shown: ${error}`);
    }
}
