/** The Python environment that is selected in VS Code, as the Python extension tells it. */

import * as vscode from "vscode";

export interface Environment {
    /** The folder of the environment. */
    readonly folder: string;
    /** Whether it was made for a project, and is not the system's Python. */
    readonly isVirtual: boolean;
}

/** The part of the Python extension's interface that is used. */
interface PythonExtension {
    readonly environments: {
        getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
        resolveEnvironment(path: { readonly path: string }): Promise<
            | {
                  readonly executable: { readonly sysPrefix?: string };
                  readonly environment?: object | undefined;
              }
            | undefined
        >;
        readonly onDidChangeActiveEnvironmentPath: vscode.Event<unknown>;
    };
}

async function pythonExtension(): Promise<PythonExtension | undefined> {
    const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
    if (extension === undefined) {
        return undefined;
    }
    const api = await extension.activate();
    // Before 2022 it had another interface.
    return api?.environments === undefined ? undefined : api;
}

/** The environment that is selected for a folder. */
export async function selectedEnvironment(
    folder: vscode.Uri | undefined,
): Promise<Environment | undefined> {
    const api = await pythonExtension();
    if (api === undefined) {
        return undefined;
    }
    const path = api.environments.getActiveEnvironmentPath(folder);
    const resolved = await api.environments.resolveEnvironment(path);
    const prefix = resolved?.executable.sysPrefix;
    return prefix ? { folder: prefix, isVirtual: resolved?.environment !== undefined } : undefined;
}

/** Calls `listener` whenever another environment is selected. */
export async function onDidSelectEnvironment(listener: () => void): Promise<vscode.Disposable> {
    const api = await pythonExtension();
    return (
        api?.environments.onDidChangeActiveEnvironmentPath(listener) ??
        new vscode.Disposable(() => {})
    );
}
