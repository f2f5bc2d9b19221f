//! What a process is told by signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::app::Orders;

/// SIGTERM and SIGINT stop, SIGHUP reloads.
pub(super) fn orders() -> io::Result<Orders> {
    Ok(Orders { stop: stop()?, reload: reload()? })
}

/// Only to stop.
pub(super) fn to_stop() -> io::Result<Orders> {
    let (_, reload) = mpsc::channel(1);
    Ok(Orders { stop: stop()?, reload })
}

/// Says true once the process is told to stop.
fn stop() -> io::Result<watch::Receiver<bool>> {
    let (say, stop) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: no more connections are taken, requests in flight may finish");
        let _ = say.send(true);
        // Kept until the process ends, so that nobody mistakes a dropped sender for a word.
        say.closed().await;
    });
    Ok(stop)
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Says when the configuration is to be read again; signals that come meanwhile are one.
fn reload() -> io::Result<mpsc::Receiver<()>> {
    let (say, reload) = mpsc::channel(1);
    let mut hang_up = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            if let Err(mpsc::error::TrySendError::Closed(())) = say.try_send(()) {
                return;
            }
        }
    });
    Ok(reload)
}
