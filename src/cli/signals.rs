//! What a process is told by signals.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

use crate::app::{Call, Orders};
use crate::config::raw;

/// SIGTERM and SIGINT stop, SIGHUP reloads, SIGQUIT wants a successor.
pub(super) fn orders() -> io::Result<Orders> {
    let (stop, cut) = stop()?;
    let mut called = std::env::args_os();
    let call = called.next().map(|program| Call {
        program,
        arguments: called.collect(),
        mark: raw::SUCCESSOR,
    });
    let asked = each(SignalKind::quit())?;
    let succession = call.map(|call| (call, asked));
    Ok(Orders { stop, cut, reload: each(SignalKind::hangup())?, succession })
}

/// Only to stop.
pub(super) fn to_stop() -> io::Result<Orders> {
    let (stop, cut) = stop()?;
    let (_, reload) = mpsc::channel(1);
    Ok(Orders { stop, cut, reload, succession: None })
}

/// Says true once the process is told to stop, and once it is told a second time.
fn stop() -> io::Result<(watch::Receiver<bool>, watch::Receiver<bool>)> {
    let (say_stop, stop) = watch::channel(false);
    let (say_cut, cut) = watch::channel(false);
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        either(&mut terminate, &mut interrupt).await;
        tracing::info!("stopping: what is under way may finish; a second signal cuts it off");
        say_stop.send_replace(true);
        either(&mut terminate, &mut interrupt).await;
        say_cut.send_replace(true);
        // Kept until the process ends, so that nobody mistakes a dropped sender for a word.
        say_cut.closed().await;
        say_stop.closed().await;
    });
    Ok((stop, cut))
}

async fn either(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// Says that a signal has come; those that come before it is heard are one.
fn each(kind: SignalKind) -> io::Result<mpsc::Receiver<()>> {
    let (say, heard) = mpsc::channel(1);
    let mut signals = signal(kind)?;
    tokio::spawn(async move {
        while signals.recv().await.is_some() {
            if let Err(mpsc::error::TrySendError::Closed(())) = say.try_send(()) {
                return;
            }
        }
    });
    Ok(heard)
}
