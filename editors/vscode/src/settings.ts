/** What the user set, in the form that the server takes. */

import { resolve } from "node:path";

/** A setting of section `proxycheck`, from whatever scope. */
export interface Reader {
    get(name: string): unknown;
    /** Whether the user set it anywhere; otherwise `get` gives the default. */
    isSet(name: string): boolean;
}

/** What can be used in paths. */
export interface Variables {
    readonly home: string;
    readonly folder: string | undefined;
    readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The settings that the server asks for. What is not set is left to the project's configuration. */
export interface ServerSettings {
    python?: string;
    config?: string;
    all?: boolean;
    diagnostics: { workspace: boolean };
    inlayHints: { types: boolean; resolves: boolean };
    semanticTokens: boolean;
}

export function serverSettings(reader: Reader, variables: Variables): ServerSettings {
    const settings: ServerSettings = {
        diagnostics: { workspace: reader.get("diagnostics.workspace") !== false },
        inlayHints: {
            types: reader.get("inlayHints.types") !== false,
            resolves: reader.get("inlayHints.resolves") !== false,
        },
        semanticTokens: reader.get("semanticTokens") === true,
    };
    for (const name of ["python", "config"] as const) {
        const path = pathSetting(reader, name, variables);
        if (path !== undefined) {
            settings[name] = path;
        }
    }
    const all = reader.get("all");
    if (typeof all === "boolean" && reader.isSet("all")) {
        settings.all = all;
    }
    return settings;
}

/** The absolute path that a setting names, if it is set. */
export function pathSetting(
    reader: Reader,
    name: string,
    variables: Variables,
): string | undefined {
    const value = reader.get(name);
    if (typeof value !== "string" || value.trim() === "") {
        return undefined;
    }
    const path = expand(value.trim(), variables);
    return variables.folder === undefined ? path : resolve(variables.folder, path);
}

/** Replaces `~` at the start and `${…}`; what is unknown stays, so that a message shows it. */
export function expand(path: string, { home, folder, environment }: Variables): string {
    return path
        .replace(/^~(?=$|[/\\])/, () => home)
        .replace(/\$\{([^}]*)\}/g, (whole, name: string) => {
            if (name === "userHome") {
                return home;
            }
            if (name === "workspaceFolder") {
                return folder ?? whole;
            }
            return name.startsWith("env:") ? (environment[name.slice(4)] ?? "") : whole;
        });
}
