/** What the status bar says. */

export type State =
    | { readonly kind: "starting" }
    | { readonly kind: "running"; readonly version: string; readonly path: string }
    | { readonly kind: "stopped" }
    | {
          readonly kind: "failed";
          readonly reason: string;
          /** Whether the client library tells the user, or starts the server again. */
          readonly isHandled: boolean;
      };

export interface Appearance {
    readonly text: string;
    readonly tooltip: string;
    readonly isError: boolean;
}

export function appearance(state: State): Appearance {
    switch (state.kind) {
        case "starting":
            return {
                text: "$(loading~spin) proxycheck",
                tooltip: "proxycheck is starting",
                isError: false,
            };
        case "running":
            return {
                text: "$(check) proxycheck",
                tooltip: `proxycheck ${state.version} is running (${state.path})`,
                isError: false,
            };
        case "stopped":
            return {
                text: "$(circle-slash) proxycheck",
                tooltip: "proxycheck is not running",
                isError: false,
            };
        case "failed":
            return { text: "$(error) proxycheck", tooltip: state.reason, isError: true };
    }
}
