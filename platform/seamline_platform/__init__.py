"""The platform: ingest, store, streams, twin, demand brain, dispatch, API and command line."""
