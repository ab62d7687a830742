use super::checker::Checker;
use crate::dask::task::{Runner, TaskCall};
use crate::diagnostics::{Confidence, Level, RuleInfo};

pub(super) static CLIENT_MAP_OVER_PROXY: RuleInfo = RuleInfo {
    name: "client-map-over-proxy",
    summary: "detects proxies over which a client of Dask is to map",
    level: Level::Error,
    confidence: Confidence::High,
    fixable: false,
    page: include_str!("../../fixtures/rules/client-map-over-proxy.md"),
    url: None,
    inference: false,
};

pub(super) fn check(cx: &mut Checker<'_, '_>, task: &TaskCall<'_>) {
    if !task.maps || task.runner != Runner::DaskClient {
        return;
    }
    // Dask maps over a proxy beside a list.
    let sightings: Option<Vec<_>> = task.positional.iter().map(|it| cx.sighting(it)).collect();
    for (argument, sighting) in task.positional.iter().zip(sightings.unwrap_or_default()) {
        let phrase = sighting.phrase(&cx.text(argument));
        let origin = cx.sighting_label(argument, &sighting);
        let finding = cx.report(
            &CLIENT_MAP_OVER_PROXY,
            argument,
            format_args!("`map` takes {phrase} for an iterator and raises a `TypeError`"),
        );
        finding
            .label(if sighting.is_certain() {
                "is a proxy"
            } else {
                "may be a proxy"
            })
            .help(
                "Submit one task that takes the proxy; to map over what is in it, fetch that to the client: `list(…)`",
            );
        finding.secondary.extend(origin);
    }
}
