//! The loopback Graph without a network: paused time runs as fast as the machine does.

use std::sync::Arc;

use coexist_graph::{Cancel, Problem, Renewing, Request, Response, Sending, Transport, TransportError};
use tokio::time::{sleep, Instant};

use super::{Graph, Incoming, Reaction, SERVICE};

pub struct Memory {
    pub graph: Arc<Graph>,
    /// Tokens that renewing may give, the first being in use.
    pub tokens: std::sync::Mutex<Vec<String>>,
}

impl Memory {
    pub fn new(graph: Arc<Graph>) -> Arc<Self> {
        Arc::new(Self { graph, tokens: std::sync::Mutex::new(vec!["Bearer first".into()]) })
    }
}

/// Counts down also when the request is given up.
struct UnderWay<'g>(&'g Graph);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl Transport for Memory {
    fn send<'a>(&'a self, request: &'a Request, cancel: &'a Cancel) -> Sending<'a> {
        Box::pin(async move {
            let excess = self.graph.begin();
            let _under_way = UnderWay(&self.graph);
            let failed = |problem| Err(TransportError::new(problem, "https://graph.loopback"));
            let work = async {
                // There and back.
                sleep(self.graph.config.latency / 2).await;
                let path = request.url.strip_prefix(SERVICE).unwrap_or(&request.url);
                let mut headers = request.headers.clone();
                headers.push(("Authorization".into(), self.tokens.lock().unwrap()[0].clone()));
                let incoming = Incoming { method: request.method.name(), path, headers: &headers, body: request.body.as_deref().unwrap_or_default(), excess };
                let reaction = self.graph.handle(&incoming, Instant::now());
                sleep(self.graph.config.latency / 2).await;
                match reaction {
                    Reaction::Answer { status, headers, body } => Ok(Response { status, headers, body }),
                    Reaction::Reset | Reaction::Half { .. } => failed(Problem::ConnectionBroken),
                    Reaction::Silence => std::future::pending().await,
                }
            };
            tokio::select! {
                () = cancel.cancelled() => failed(Problem::Cancelled),
                answer = work => answer,
            }
        })
    }

    fn renew<'a>(&'a self, _sent: Instant, _cancel: &'a Cancel) -> Renewing<'a> {
        Box::pin(async move {
            let mut tokens = self.tokens.lock().unwrap();
            if tokens.len() > 1 {
                tokens.remove(0);
                return Ok(true);
            }
            Ok(false)
        })
    }
}
