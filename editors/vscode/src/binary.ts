/** Where the program `proxycheck` may be, and which of these places has one that works. */

import { posix, win32 } from "node:path";

/** A place to look at. */
export interface Place {
    readonly path: string;
    /** Who says so, to complete "from …". */
    readonly origin: string;
    /** Whether the user named this program, so that no other will do. */
    readonly isNamed: boolean;
    /** Whether it is a program of a workspace that is not trusted. */
    readonly isForbidden: boolean;
}

/** What the places depend on. */
export interface Surroundings {
    readonly platform: NodeJS.Platform;
    readonly variables: Readonly<Record<string, string | undefined>>;
    /** The setting `proxycheck.path`. */
    readonly setting: string | undefined;
    /** The folders of the workspace. */
    readonly folders: readonly string[];
    /** The folders of the environments that are selected for Python. */
    readonly environments: readonly string[];
    /** The folder of the program that comes with the extension. */
    readonly bundle: string;
    /** Whether programs of the workspace may be started. */
    readonly isTrusted: boolean;
    /** The path without symbolic links, or the path itself if it does not exist. */
    readonly realpath: (path: string) => string;
}

/** What a program says when it is asked for its version. */
export type Answer =
    | { readonly kind: "absent" }
    | { readonly kind: "broken"; readonly reason: string }
    | { readonly kind: "version"; readonly version: string };

/** A program that answered. */
export interface Binary {
    readonly path: string;
    readonly origin: string;
    readonly version: string;
}

/** A place that had no program to start. */
export interface Miss {
    readonly place: Place;
    readonly reason: string;
}

export type Search =
    | { readonly kind: "found"; readonly binary: Binary; readonly misses: readonly Miss[] }
    | { readonly kind: "missing"; readonly misses: readonly Miss[] };

/** The places to look at, the best first. */
export function places(surroundings: Surroundings): Place[] {
    const { platform, variables, setting, folders } = surroundings;
    const paths = platform === "win32" ? win32 : posix;
    const file = platform === "win32" ? "proxycheck.exe" : "proxycheck";
    const scripts = platform === "win32" ? "Scripts" : "bin";
    const place = (path: string, origin: string, isNamed: boolean): Place => {
        const isForbidden = !surroundings.isTrusted && isOfWorkspace(path, surroundings);
        return { path, origin, isNamed, isForbidden };
    };

    if (setting) {
        return [place(setting, "the setting proxycheck.path", true)];
    }
    if (variables.PROXYCHECK) {
        return [place(variables.PROXYCHECK, "the environment variable PROXYCHECK", true)];
    }

    const found: Place[] = [];
    const add = (folder: string, origin: string) => {
        const path = paths.join(folder, file);
        if (!found.some((it) => it.path === path)) {
            found.push(place(path, origin, false));
        }
    };
    for (const environment of surroundings.environments) {
        add(paths.join(environment, scripts), "the selected Python environment");
    }
    for (const folder of folders) {
        add(paths.join(folder, ".venv", scripts), "the workspace's .venv");
    }
    if (variables.VIRTUAL_ENV) {
        add(paths.join(variables.VIRTUAL_ENV, scripts), "VIRTUAL_ENV");
    }
    add(surroundings.bundle, "the extension");
    // Windows spells it `Path` as a rule, and a plain copy of the environment heeds the case.
    const search = Object.entries(variables).find(([name]) => name.toUpperCase() === "PATH")?.[1];
    for (const folder of (search ?? "").split(paths.delimiter)) {
        // An empty or relative entry means the working directory, where nobody expects a program.
        if (paths.isAbsolute(folder)) {
            add(folder, "PATH");
        }
    }
    return found;
}

function isOfWorkspace(path: string, { platform, folders, realpath }: Surroundings): boolean {
    const paths = platform === "win32" ? win32 : posix;
    const isWithin = (inner: string, outer: string) => {
        const relative = paths.relative(outer, inner);
        return relative.split(paths.sep)[0] !== ".." && !paths.isAbsolute(relative);
    };
    return folders.some(
        (folder) =>
            // A link may lead into the workspace or out of it.
            isWithin(path, folder) || isWithin(realpath(path), realpath(folder)),
    );
}

const ABSENT = "no such program";

/** Asks the programs at the places, in order, until one answers. */
export async function find(
    candidates: readonly Place[],
    ask: (path: string) => Promise<Answer>,
): Promise<Search> {
    const misses: Miss[] = [];
    for (const place of candidates) {
        if (place.isForbidden) {
            misses.push({ place, reason: "the workspace is not trusted" });
            continue;
        }
        const answer = await ask(place.path);
        if (answer.kind === "version") {
            const { path, origin } = place;
            return { kind: "found", binary: { path, origin, version: answer.version }, misses };
        }
        misses.push({ place, reason: answer.kind === "absent" ? ABSENT : answer.reason });
    }
    return { kind: "missing", misses };
}

/** The version in what `proxycheck version` prints. */
export function parseVersion(output: string): string | undefined {
    return /^proxycheck (\d+\.\d+\.\d+\S*)\s*$/.exec(output)?.[1];
}

/** What the user is told if no program was found. */
export function explainMissing(misses: readonly Miss[], isTrusted: boolean): string {
    const named = misses.find((it) => it.place.isNamed);
    if (named) {
        const { path, origin } = named.place;
        return `proxycheck cannot be started from ${path} (${named.reason}). Change ${origin}, which names it.`;
    }
    const tried = misses.map(({ place, reason }) =>
        reason === ABSENT ? place.origin : `${place.path} (${reason})`,
    );
    const remedy = isTrusted
        ? "Install it in the project's Python environment or on the PATH, or name it in the setting proxycheck.path."
        : "Trust the workspace to use its own, install proxycheck on the PATH, or name it in the user's setting proxycheck.path.";
    return `proxycheck was not found. Tried: ${[...new Set(tried)].join(", ")}. ${remedy}`;
}

/** One line for the log on each place that had no program. */
export function describeMisses(misses: readonly Miss[]): string[] {
    return misses.map(({ place, reason }) => `${place.path} (from ${place.origin}): ${reason}`);
}
