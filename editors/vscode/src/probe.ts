/** Asks a program for its version. */

import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { type Answer, parseVersion } from "./binary";

/** How long a program may take to tell its version. */
const PATIENCE_MS = 10_000;

export async function probe(path: string, patience = PATIENCE_MS): Promise<Answer> {
    try {
        if ((await stat(path)).isDirectory()) {
            return { kind: "broken", reason: "it is a folder" };
        }
    } catch {
        return { kind: "absent" };
    }
    return new Promise((resolve) => {
        execFile(path, ["version"], { timeout: patience, windowsHide: true }, (error, stdout) => {
            const version = parseVersion(stdout);
            if (error?.killed) {
                resolve({
                    kind: "broken",
                    reason: `it did not tell its version within ${patience / 1000} s`,
                });
            } else if (error) {
                resolve({ kind: "broken", reason: reasonOf(error) });
            } else if (version === undefined) {
                resolve({ kind: "broken", reason: "it did not tell its version" });
            } else {
                resolve({ kind: "version", version });
            }
        });
    });
}

function reasonOf(error: Error & { code?: string | number | null; signal?: string | null }) {
    if (error.code === "EACCES") {
        return "it must not be executed";
    }
    if (typeof error.code === "number") {
        return `it ended with exit code ${error.code} when asked for its version`;
    }
    return error.signal ? `it was ended by ${error.signal}` : error.message;
}
