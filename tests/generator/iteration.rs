//! Generators as iterators, and the states they go through. The numbers are those of the list of behaviours that
//! CPython's own tests assert.
#![forbid(unsafe_code)]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;

use heist::generator::{
    AlreadyExecuting, Code, CoroutineExt, Generator, Next, Raise, Resume, Shared, State, Step, attempt,
    coroutine, generator,
};

generator! {
    /// The range of the source documents.
    fn range(n: u64) -> yields u64 {
        let mut i = 0;
        while i < n {
            yield i;
            i += 1;
        }
    }
}

// 1
#[test]
fn a_for_loop_sees_every_yield_and_next_sees_the_end() {
    let two = || generator! { yield 1; yield 2; };
    let mut seen = vec![];
    for i in two() {
        seen.push(i);
    }
    assert_eq!(seen, [1, 2]);
    let mut generator = pin!(two());
    assert_eq!((generator.next(), generator.next(), generator.next()), (Some(1), Some(2), None));
}

// 2
#[test]
fn after_return_it_stays_exhausted() {
    let mut generator = pin!(generator! { yield 1; if true { return } yield 2; });
    assert_eq!(generator.next(), Some(1));
    for _ in 0..3 {
        assert_eq!(generator.next(), None);
    }
}

struct Finally<'a>(&'a RefCell<Vec<&'static str>>, &'static str);

impl Drop for Finally<'_> {
    fn drop(&mut self) {
        self.0.borrow_mut().push(self.1);
    }
}

// 3
#[test]
fn return_skips_the_handlers_and_runs_the_destructors() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    let all: Vec<i32> = generator! {
        let caught: Result<(), &str> = attempt! {
            let _finally = Finally(trace, "finally");
            yield 1;
            if true { return }
            Err("not reached")?
        };
        trace.borrow_mut().push(if caught.is_err() { "except" } else { "after" });
        yield 2;
    }
    .into_iter()
    .collect();
    assert_eq!(all, [1]);
    assert_eq!(*log.borrow(), ["finally"]);
}

// 4
#[test]
fn it_returns_to_its_most_recent_caller() {
    fn first(generator: &mut dyn Iterator<Item = i32>) -> Option<i32> {
        generator.next()
    }
    let mut generator = Box::pin(generator! { for i in 0..5 { yield i; } });
    assert_eq!(first(&mut generator), Some(0));
    let elsewhere = std::thread::spawn(move || generator.collect::<Vec<_>>());
    assert_eq!(elsewhere.join().unwrap(), [1, 2, 3, 4]);
}

// 5
#[test]
fn a_generator_that_loops_over_a_generator_gives_the_same_items() {
    let copy = generator! { for i in pin!(range(5)) { yield i; } };
    assert_eq!(copy.into_iter().collect::<Vec<_>>(), range(5).into_iter().collect::<Vec<_>>());
}

type Plain<Y> = dyn Resume<Yield = Y, Argument = Next, Return = ()>;
type Cell0<Y> = Rc<RefCell<Option<Shared<Plain<Y>>>>>;

/// A generator that holds a handle of itself.
fn knows_itself<Y: 'static, G>(body: impl FnOnce(Cell0<Y>) -> G) -> Shared<Plain<Y>>
where
    G: Resume<Yield = Y, Argument = Next, Return = ()> + 'static,
{
    let cell: Cell0<Y> = Rc::default();
    let body: Pin<Box<Plain<Y>>> = Box::pin(body(cell.clone()));
    let shared = Shared::from_pin(body);
    *cell.borrow_mut() = Some(shared.clone());
    shared
}

// 6
#[test]
fn resuming_itself_is_already_executing() {
    let me = knows_itself(|cell| {
        generator! {
            let me = cell.borrow_mut().take().unwrap();
            yield me.try_next().map(|_| ());
        }
    });
    assert_eq!(me.try_next(), Ok(Some(Err(AlreadyExecuting))));
    assert!(AlreadyExecuting.to_string().contains("already executing"));
}

// 7
#[test]
fn a_panic_reaches_the_caller_and_ends_the_generator() {
    let mut generator = Box::pin(generator! { yield 1; if true { panic!("1/0") } yield 2; });
    assert_eq!(generator.next(), Some(1));
    assert!(catch_unwind(AssertUnwindSafe(|| generator.next())).is_err());
    assert_eq!(generator.next(), None);
    assert_eq!(generator.state(), State::Closed);
}

// 8
#[test]
fn try_except_finally_run_in_order() {
    let all: Vec<i32> = generator! {
        let outer: Result<(), &str> = attempt! {
            yield 1;
            let inner: Result<(), &str> = attempt! {
                yield 2;
                Err::<(), &str>("division by zero")?;
                yield 3;
            };
            if let Err(error) = inner {
                yield 4;
                yield 5;
                Err::<(), &str>(error)?;
            }
            yield 7;
        };
        if outer.is_err() { yield 8; }
        yield 9;
        yield 10;
        yield 11;
    }
    .into_iter()
    .collect();
    assert_eq!(all, [1, 2, 4, 5, 8, 9, 10, 11]);
}

struct Tree {
    label: char,
    left: Option<Box<Tree>>,
    right: Option<Box<Tree>>,
}

fn tree(labels: &[char]) -> Option<Box<Tree>> {
    let middle = labels.len() / 2;
    let label = *labels.get(middle)?;
    Some(Box::new(Tree { label, left: tree(&labels[..middle]), right: tree(&labels[middle + 1..]) }))
}

fn in_order(tree: Option<&Tree>) -> Box<dyn Iterator<Item = char> + '_> {
    Box::new(
        generator! {
            if let Some(tree) = tree {
                yield from in_order(tree.left.as_deref());
                yield tree.label;
                yield from in_order(tree.right.as_deref());
            }
        }
        .into_iter(),
    )
}

generator! {
    fn in_order_by_stack<'a>(root: Option<&'a Tree>) -> yields char {
        let mut stack: Vec<&Tree> = vec![];
        let mut node = root;
        loop {
            while let Some(tree) = node {
                stack.push(tree);
                node = tree.left.as_deref();
            }
            let Some(tree) = stack.pop() else { break };
            yield tree.label;
            node = tree.right.as_deref();
        }
    }
}

// 9
#[test]
fn a_tree_is_walked_in_order_recursively_and_by_a_stack() {
    let alphabet: Vec<char> = ('A'..='Z').collect();
    let tree = tree(&alphabet);
    assert_eq!(in_order(tree.as_deref()).collect::<Vec<_>>(), alphabet);
    assert_eq!(in_order_by_stack(tree.as_deref()).into_iter().collect::<Vec<_>>(), alphabet);
}

// 10
#[test]
fn yielding_nothing_is_not_the_end() {
    let mut generator = pin!(generator! { for _ in 0..4 { yield; } });
    for _ in 0..4 {
        assert_eq!(generator.next(), Some(()));
    }
    assert_eq!(generator.next(), None);
}

fn combinations(items: &[u8], k: usize) -> Box<dyn Iterator<Item = Vec<u8>> + '_> {
    Box::new(
        generator! {
            if k == 0 {
                yield vec![];
            } else if let [first, rest @ ..] = items {
                for mut tail in combinations(rest, k - 1) {
                    tail.insert(0, *first);
                    yield tail;
                }
                yield from combinations(rest, k);
            }
        }
        .into_iter(),
    )
}

// 11
#[test]
fn combinations_of_four_elements() {
    let all: Vec<Vec<Vec<u8>>> = (0..=5).map(|k| combinations(&[1, 2, 3, 4], k).collect()).collect();
    assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [1, 4, 6, 4, 1, 0]);
    assert_eq!(all[2], [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]]);
}

// 12
#[test]
fn disjoint_sets_whose_parents_are_generators_merge_to_one_root() {
    type Parents = Rc<RefCell<BTreeMap<char, char>>>;
    // Each set is a generator that goes on yielding its root, as its parent's generator finds it.
    fn roots(name: char, parents: Parents) -> Box<dyn Iterator<Item = char>> {
        Box::new(
            generator! {
                loop {
                    let parent = parents.borrow()[&name];
                    if parent == name {
                        yield name;
                    } else {
                        yield roots(parent, parents.clone()).next().unwrap();
                    }
                }
            }
            .into_iter(),
        )
    }
    let names: Vec<char> = "ABCDEFGHIJKLM".chars().collect();
    let parents: Parents = Rc::new(RefCell::new(names.iter().map(|name| (*name, *name)).collect()));
    let mut sets: Vec<_> = names.iter().map(|name| roots(*name, parents.clone())).collect();
    let mut current: Vec<char> = sets.iter_mut().map(|set| set.next().unwrap()).collect();
    assert_eq!(current, names);
    let mut merges = 0;
    while let Some(other) = current.iter().copied().find(|root| *root != current[0]) {
        parents.borrow_mut().insert(current[0], other);
        current = sets.iter_mut().map(|set| set.next().unwrap()).collect();
        merges += 1;
    }
    assert_eq!(merges, names.len() - 1);
}

fn sieve(numbers: Box<dyn Iterator<Item = u32>>) -> Box<dyn Iterator<Item = u32>> {
    Box::new(
        generator! {
            let mut numbers = numbers;
            if let Some(prime) = numbers.next() {
                yield prime;
                yield from sieve(Box::new(numbers.filter(move |n| n % prime != 0)));
            }
        }
        .into_iter(),
    )
}

// 13
#[test]
fn the_sieve_nests_twenty_generators_deep() {
    let primes: Vec<u32> = sieve(Box::new(2..)).take(20).collect();
    assert_eq!(primes, [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71]);
}

fn merge(
    a: Box<dyn Iterator<Item = u64>>,
    b: Box<dyn Iterator<Item = u64>>,
) -> Box<dyn Iterator<Item = u64>> {
    Box::new(
        generator! {
            let (mut a, mut b) = (a, b);
            let (mut x, mut y) = (a.next().unwrap(), b.next().unwrap());
            loop {
                yield x.min(y);
                let (is_x, is_y) = (x <= y, y <= x);
                if is_x { x = a.next().unwrap(); }
                if is_y { y = b.next().unwrap(); }
            }
        }
        .into_iter(),
    )
}

// 14
#[test]
fn the_first_forty_five_hamming_numbers() {
    // Each stream of multiples reads the one list that the generator itself extends.
    let known = Rc::new(RefCell::new(vec![1_u64]));
    let times = |factor: u64| -> Box<dyn Iterator<Item = u64>> {
        let known = known.clone();
        Box::new(
            generator! { for i in 0.. { let next = known.borrow()[i]; yield factor * next; } }.into_iter(),
        )
    };
    let (twos, threes, fives) = (times(2), times(3), times(5));
    let extended = known.clone();
    let hamming = generator! {
        yield 1;
        for next in merge(twos, merge(threes, fives)) {
            extended.borrow_mut().push(next);
            yield next;
        }
    };
    let first: Vec<u64> = hamming.into_iter().take(45).collect();
    assert_eq!(first[..10], [1, 2, 3, 4, 5, 6, 8, 9, 10, 12]);
    assert_eq!(first[44], 192);
}

fn queens(placed: Vec<usize>, n: usize) -> Box<dyn Iterator<Item = Vec<usize>>> {
    Box::new(
        generator! {
            if placed.len() == n {
                yield placed;
                return;
            }
            for column in 0..n {
                let row = placed.len();
                let is_free = |(r, c): (usize, &usize)| *c != column && row - r != column.abs_diff(*c);
                if placed.iter().enumerate().all(is_free) {
                    let mut next = placed.clone();
                    next.push(column);
                    yield from queens(next, n);
                }
            }
        }
        .into_iter(),
    )
}

// 15
#[test]
fn eight_queens_have_ninety_two_solutions() {
    let mut solutions = queens(vec![], 8);
    assert_eq!(solutions.next(), Some(vec![0, 4, 7, 5, 2, 6, 1, 3]));
    assert_eq!(solutions.count(), 91);
}

// 16
#[test]
fn its_name_is_the_function_that_made_it() {
    assert!(range(1).name().ends_with("::range"), "{}", range(1).name());
}

// 17: tests/compile_fail/fail/clone.rs

// 18
#[test]
fn calling_runs_nothing() {
    let ran = Cell::new(false);
    let flag = &ran;
    let mut generator = pin!(generator! { flag.set(true); yield 1; });
    assert!(!ran.get());
    generator.next();
    assert!(ran.get());
}

// 19
#[test]
fn an_error_in_a_loop_over_a_generator_leaves_no_state_behind() {
    let log = RefCell::new(vec![]);
    for _ in 0..2 {
        let trace = &log;
        let outcome: Result<(), u64> = (|| {
            for i in generator! { let _finally = Finally(trace, "closed"); yield from range(3); } {
                if i == 1 {
                    return Err(i);
                }
            }
            Ok(())
        })();
        assert_eq!(outcome, Err(1));
    }
    assert_eq!(*log.borrow(), ["closed", "closed"]);
}

// 20
#[test]
fn a_new_generator_is_created() {
    assert_eq!(range(1).state(), State::Created);
}

// 21
#[test]
fn at_a_yield_it_is_suspended() {
    let mut generator = pin!(range(2));
    generator.next();
    assert_eq!(generator.state(), State::Suspended);
}

// 22
#[test]
fn after_exhaustion_it_is_closed() {
    let mut generator = pin!(range(1));
    assert_eq!(generator.by_ref().count(), 1);
    assert_eq!(generator.state(), State::Closed);
}

// 23
#[test]
fn after_an_immediate_exception_it_is_closed_and_never_ran() {
    let ran = Cell::new(false);
    let flag = &ran;
    let mut coroutine = pin!(coroutine! { |_: (), &'static str| flag.set(true); (yield 1)?; Ok(()) });
    assert_eq!(coroutine.throw("at once"), Err(Raise::Error("at once")));
    assert_eq!((coroutine.state(), ran.get()), (State::Closed, false));
}

// 24
#[test]
fn after_close_it_is_closed() {
    let mut coroutine = pin!(coroutine! { |_: ()| (yield 1)?; Ok(()) });
    assert_eq!(coroutine.start(), Ok(Step::Yielded(1)));
    assert_eq!(coroutine.close(), Ok(None));
    assert_eq!(coroutine.state(), State::Closed);
}

// 25
#[test]
fn seen_from_inside_it_is_running() {
    let me = knows_itself(|cell| {
        generator! {
            let me = cell.borrow_mut().take().unwrap();
            yield me.state();
        }
    });
    assert_eq!(me.state(), State::Created);
    assert_eq!(me.try_next(), Ok(Some(State::Running)));
    assert_eq!(me.state(), State::Suspended);
}

// 26
#[test]
fn debug_prints_the_name_of_the_state() {
    let mut generator = Box::pin(range(1));
    assert!(format!("{generator:?}").contains("state: Created"));
    generator.next();
    assert!(format!("{generator:?}").contains("state: Suspended"));
    assert_eq!(format!("{:?}", Shared::new(coroutine! { |_: ()| yield 1 })), "Shared(Created)");
}

// Figures and examples of the source documents, and what the macros promise beside the numbered list.

#[test]
fn the_sum_of_a_million_is_the_one_in_the_text() {
    assert_eq!(pin!(range(1_000_000)).sum::<u64>(), 499_999_500_000);
}

#[test]
fn the_first_ten_even_numbers() {
    let even: Vec<u64> = pin!(range(1_000_000)).filter(|n| n % 2 == 0).take(10).collect();
    assert_eq!(even, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18]);
}

#[test]
fn a_generator_owns_no_more_than_its_locals() {
    assert!(size_of_val(&range(1)) <= 40, "{}", size_of_val(&range(1)));
}

#[test]
fn yields_stand_in_the_arguments_of_other_macros() {
    let all: Vec<String> = generator! {
        println!("{:?}", yield "a".to_string());
        let number = format!("{}", { yield "b".into(); 3 });
        yield number;
        for x in (generator! { yield 7; yield 8; }) { yield x.to_string(); }
        drop(vec![yield "v".into(); 1]);
    }
    .into_iter()
    .collect();
    assert_eq!(all, ["a", "b", "3", "7", "8", "v"]);
}

#[test]
fn locals_are_borrowed_across_a_yield() {
    let own = generator! { let list = vec![1, 2, 3]; for x in &list { yield *x; } };
    assert_eq!(own.into_iter().sum::<i32>(), 6);
    let words = vec![String::from("a"), String::from("b")];
    let lent: Vec<&str> = {
        let words = &words;
        pin!(generator! { for w in words { yield w.as_str(); } }).collect()
    };
    assert_eq!(lent, ["a", "b"]);
}

#[test]
fn temporaries_of_the_operand_die_before_the_suspension() {
    let log = RefCell::new(vec![]);
    let trace = &log;
    let mut generator = pin!(generator! { yield Finally(trace, "dropped").1.len(); });
    assert_eq!(generator.next(), Some(7));
    assert_eq!(*log.borrow(), ["dropped"]);
}

#[test]
fn a_generator_is_send_if_its_body_is() {
    fn assert_send<T: Send>(value: T) -> T {
        value
    }
    fn words(list: &[String]) -> Generator<&str, impl Code + Send> {
        generator! { for word in list { yield word.as_str(); } }
    }
    let list = ["x".to_string()];
    assert_eq!(assert_send(words(&list)).into_iter().count(), 1);
    let _ = assert_send(generator! { yield from range(3); yield from vec![1]; });
}

#[test]
fn a_yield_of_a_global_path_and_of_a_variable_named_from() {
    let all: Vec<u32> =
        generator! { let from = 1; yield from + 1; yield ::std::cmp::max(2, 3) + from; yield from; }
            .into_iter()
            .collect();
    assert_eq!(all, [2, 4, 1]);
}

#[test]
fn break_and_continue_in_an_attempt_belong_to_the_loop_around_it() {
    let all: Vec<i32> = generator! {
        for i in 0..10 {
            let caught: Result<(), &str> = attempt! {
                if i == 1 { continue }
                if i == 4 { break }
                for j in 0.. { if j == 2 { break } }
                yield i;
                if i == 2 { Err("two")?; }
            };
            if caught.is_err() { yield -i; }
        }
    }
    .into_iter()
    .collect();
    assert_eq!(all, [0, 2, -2, 3]);
}

#[test]
fn attempt_stands_outside_generators_too() {
    let parsed: Result<i32, std::num::ParseIntError> = attempt! { "4".parse::<i32>()? + "x".parse::<i32>()? };
    assert!(parsed.is_err());
}

#[test]
fn items_take_attributes_generics_where_clauses_and_self() {
    struct Grid(Vec<Vec<u8>>);
    impl Grid {
        generator! {
            #[inline]
            pub(crate) fn cells(&self, least: u8) -> yields &u8 {
                for row in &self.0 { for cell in row { if *cell >= least { yield cell; } } }
            }
        }
    }
    generator! {
        fn twice<T>(items: Vec<T>) -> yields T, returns usize where T: Clone {
            let count = items.len();
            for item in items { yield item.clone(); yield item; }
            count
        }
        fn once<T>(item: T) -> yields T { yield item; }
    }
    let grid = Grid(vec![vec![1, 5], vec![7]]);
    assert_eq!(grid.cells(4).into_iter().collect::<Vec<_>>(), [&5, &7]);
    assert_eq!(twice(vec!['a', 'b']).into_iter().collect::<String>(), "aabb");
    assert_eq!(once(1).into_iter().collect::<Vec<_>>(), [1]);
}
