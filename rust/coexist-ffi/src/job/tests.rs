use super::*;

use serde_json::json;

fn start(work: impl FnOnce(&Context) -> Result<Vec<u8>, Failure> + Send + 'static) -> (Engine, Arc<Job>) {
    let engine = Engine::default();
    let job = Job::start(&engine, Box::new(work)).unwrap();
    (engine, job)
}

/// Waits as a host does, through PENDING.
fn next(job: &Job) -> (i32, String) {
    for _ in 0..100 {
        match job.wait(WAIT_MAX) {
            Ok(reply) if reply.status == COEXIST_PENDING => {}
            Ok(reply) => return (reply.status, String::from_utf8(reply.bytes).unwrap()),
            Err(failure) => return (failure.status, failure.error.message.clone()),
        }
    }
    panic!("nothing happened in 20 s");
}

#[test]
fn the_result_stays() {
    let (_engine, job) = start(|_| Ok(b"42".to_vec()));
    for _ in 0..3 {
        assert_eq!(next(&job), (COEXIST_DONE, "42".to_owned()));
    }
    job.cancel();
    assert_eq!(next(&job).0, COEXIST_DONE, "cancelling after the end does nothing");
}

#[test]
fn a_wait_ends_in_time_and_at_once_when_something_happens() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (_engine, job) = start(move |context| {
        gone.recv().unwrap();
        context.emit(&1)?;
        gone.recv().unwrap();
        Ok(Vec::new())
    });
    let started = Instant::now();
    assert_eq!(job.wait(Duration::from_secs(60)).unwrap().status, COEXIST_PENDING);
    assert!(started.elapsed() >= WAIT_MAX && started.elapsed() < 5 * WAIT_MAX, "{:?}", started.elapsed());
    let started = Instant::now();
    assert_eq!(job.wait(Duration::ZERO).unwrap().status, COEXIST_PENDING);
    assert!(started.elapsed() < WAIT_MAX / 2);

    let waiter = job.clone();
    let waiting = std::thread::spawn(move || {
        let started = Instant::now();
        (next(&waiter), started.elapsed())
    });
    std::thread::sleep(Duration::from_millis(20));
    go.send(()).unwrap();
    let (reply, took) = waiting.join().unwrap();
    assert_eq!(reply, (COEXIST_EVENT, "1".to_owned()));
    assert!(took < WAIT_MAX, "woken, not timed out: {took:?}");
    go.send(()).unwrap();
    assert_eq!(next(&job), (COEXIST_DONE, String::new()));
}

#[test]
fn events_keep_their_order_and_hold_the_work_back() {
    let (_engine, job) = start(|context| {
        for n in 0..1000 {
            context.emit(&n)?;
        }
        Ok(b"end".to_vec())
    });
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(lock(&job.state).events.len(), QUEUE_EVENTS);
    for n in 0..1000 {
        assert_eq!(next(&job), (COEXIST_EVENT, n.to_string()));
    }
    assert_eq!(next(&job), (COEXIST_DONE, "end".to_owned()));
}

#[test]
fn the_queue_is_bounded_in_bytes_but_takes_one_of_any_size() {
    let (_engine, job) = start(|context| {
        for _ in 0..3 {
            context.emit(&"x".repeat(QUEUE_BYTES))?;
        }
        Ok(Vec::new())
    });
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(lock(&job.state).events.len(), 1);
    for _ in 0..3 {
        let (status, text) = next(&job);
        assert_eq!((status, text.len()), (COEXIST_EVENT, QUEUE_BYTES + 2));
    }
    assert_eq!(next(&job).0, COEXIST_DONE);
    assert_eq!(lock(&job.state).event_bytes, 0);
}

#[test]
fn progress_is_replaced_and_never_waits() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (said, heard) = std::sync::mpsc::channel::<()>();
    let (_engine, job) = start(move |context| {
        for n in 0..100_000 {
            context.progress("Reading", "mailboxes", n, None);
        }
        said.send(()).unwrap();
        gone.recv().unwrap();
        context.progress("Reading", "users", 1, Some(2));
        gone.recv().unwrap();
        Ok(Vec::new())
    });
    heard.recv().unwrap();
    let text = r#"{"event":"progress","activity":"Reading","status":"mailboxes","done":99999,"total":null}"#;
    assert_eq!(next(&job), (COEXIST_EVENT, text.to_owned()));
    let picked = Instant::now();
    go.send(()).unwrap();
    let text = r#"{"event":"progress","activity":"Reading","status":"users","done":1,"total":2}"#;
    assert_eq!(next(&job), (COEXIST_EVENT, text.to_owned()));
    assert!(picked.elapsed() >= PROGRESS_EVERY - Duration::from_millis(50), "{:?}", picked.elapsed());
    go.send(()).unwrap();
    assert_eq!(next(&job).0, COEXIST_DONE);
}

#[test]
fn a_question_stands_until_it_is_answered_once() {
    let (_engine, job) = start(|context| {
        let first = context.ask("replaceFile", "plan.json")?;
        let second = context.ask("replaceFile", "b.json")?;
        operation::encode(&json!([first, second]))
    });
    assert_eq!(next(&job).1, r#"{"event":"ask","id":1,"question":"replaceFile","target":"plan.json"}"#);
    assert_eq!(job.wait(Duration::ZERO).unwrap().status, COEXIST_PENDING);
    assert_eq!(job.answer(2, json!(1)).unwrap_err().error.code, "NoSuchQuestion");
    job.answer(1, json!("yes")).unwrap();
    assert_eq!(job.answer(1, json!("no")).unwrap_err().error.code, "NoSuchQuestion");
    assert_eq!(next(&job).1, r#"{"event":"ask","id":2,"question":"replaceFile","target":"b.json"}"#);
    job.answer(2, Value::Null).unwrap();
    assert_eq!(next(&job), (COEXIST_DONE, r#"["yes",null]"#.to_owned()));
}

#[test]
fn the_first_answer_counts() {
    let job = Job::default();
    lock(&job.state).questions.insert(1, None);
    job.answer(1, json!("yes")).unwrap();
    assert_eq!(job.answer(1, json!("no")).unwrap_err().error.code, "NoSuchQuestion");
    assert_eq!(lock(&job.state).questions[&1], Some(json!("yes")));
}

#[test]
fn cancelling_a_job_that_has_ended_takes_nothing_back() {
    let (_engine, job) = start(|context| context.emit(&1).map(|()| b"end".to_vec()));
    job.settle(FREE_WAIT);
    job.cancel();
    assert_eq!(next(&job), (COEXIST_EVENT, "1".to_owned()));
    assert_eq!(next(&job), (COEXIST_DONE, "end".to_owned()));
}

#[test]
fn cancel_reaches_work_that_asks_emits_or_looks() {
    type Endless = fn(&Context) -> Result<Vec<u8>, Failure>;
    let works: [Endless; 3] = [
        |context| context.ask("a", "b").map(|_| Vec::new()),
        |context| loop {
            context.emit(&0)?;
        },
        |context| {
            while !context.cancelled() {
                std::thread::yield_now();
            }
            Err(Failure::cancelled())
        },
    ];
    for work in works {
        let (_engine, job) = start(work);
        std::thread::sleep(Duration::from_millis(20));
        job.cancel();
        job.cancel();
        let started = Instant::now();
        assert_eq!(next(&job).0, COEXIST_CANCELLED);
        assert!(started.elapsed() < WAIT_MAX);
    }
}

#[test]
fn a_panic_ends_the_job() {
    let (_engine, job) = start(|_| panic!("in the middle"));
    let (status, message) = next(&job);
    assert_eq!(status, COEXIST_PANIC);
    assert!(message.contains("in the middle (at ") && message.contains("tests.rs:"), "{message}");
    assert_eq!(next(&job).0, COEXIST_PANIC, "again");
}

#[test]
fn a_second_waiter_is_told() {
    let (_engine, job) = start(|context| context.ask("a", "b").map(|_| Vec::new()));
    next(&job);
    let first = job.clone();
    let waiting = std::thread::spawn(move || first.wait(WAIT_MAX).unwrap().status);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(job.wait(WAIT_MAX).map(|_| ()).unwrap_err().status, COEXIST_BUSY);
    assert_eq!(waiting.join().unwrap(), COEXIST_PENDING);
    assert_eq!(job.wait(Duration::ZERO).unwrap().status, COEXIST_PENDING, "and the place is free again");
}

#[test]
fn an_engine_takes_its_jobs_along_and_their_handles_stay() {
    let engine = Engine::default();
    let jobs: Vec<_> = (0..3).map(|_| Job::start(&engine, Box::new(|c| c.ask("a", "b").map(|_| Vec::new()))).unwrap()).collect();
    drop(engine);
    for job in jobs {
        assert_eq!(next(&job).0, COEXIST_CANCELLED);
    }
}

#[test]
fn stubborn_work_is_left_to_itself() {
    let (go, gone) = std::sync::mpsc::channel::<()>();
    let (said, heard) = std::sync::mpsc::channel::<()>();
    let (engine, job) = start(move |_| {
        gone.recv().unwrap();
        said.send(()).unwrap();
        Ok(Vec::new())
    });
    let handle = Arc::into_raw(job).cast_mut();
    let started = Instant::now();
    // SAFETY: a handle as coexist_job_start makes it.
    unsafe { coexist_job_free(handle) };
    drop(engine);
    assert!(started.elapsed() < 3 * FREE_WAIT, "{:?}", started.elapsed());
    go.send(()).unwrap();
    heard.recv().unwrap();
}

#[test]
fn work_that_never_got_a_thread_ends_all_the_same() {
    let job = Arc::new(Job::default());
    let context = Context { job: job.clone(), secrets: Arc::default(), labs: Arc::default() };
    drop(Run { context, work: Some(Box::new(|_| unreachable!())) });
    assert_eq!(next(&job).0, COEXIST_CANCELLED);
}

/// Waiters, cancellers and freeing engines in every order: each job ends, once, in one of the ways that it can.
#[test]
fn races_end_well() {
    let engine = Engine::default();
    std::thread::scope(|scope| {
        for thread in 0..4_u64 {
            let engine = &engine;
            scope.spawn(move || {
                for round in 0..200 {
                    let job = Job::start(engine, Box::new(|context| {
                        for n in 0..200 {
                            context.progress("a", "b", n, None);
                            context.emit(&n)?;
                        }
                        context.ask("c", "d").map(|_| b"end".to_vec())
                    }));
                    let job = job.unwrap();
                    let other = job.clone();
                    let canceller = scope.spawn(move || {
                        std::thread::sleep(Duration::from_micros(thread * 100 + round));
                        other.cancel();
                    });
                    let mut last = -1;
                    let end = loop {
                        let (status, text) = next(&job);
                        match text.parse::<i64>() {
                            Ok(n) => assert_eq!(n, std::mem::replace(&mut last, n) + 1, "in order, none twice"),
                            Err(_) if status == COEXIST_EVENT => {
                                let asked = text.contains("ask");
                                let answered = asked.then(|| job.answer(1, Value::Null));
                                assert!(answered.is_none_or(|answered| answered.is_ok() || job.is_cancelled()));
                            }
                            Err(_) => break status,
                        }
                    };
                    assert!(end == COEXIST_DONE || end == COEXIST_CANCELLED, "{end}");
                    assert!(end == COEXIST_CANCELLED || last == 199);
                    canceller.join().unwrap();
                    assert_eq!(next(&job).0, end);
                }
            });
        }
    });
}
