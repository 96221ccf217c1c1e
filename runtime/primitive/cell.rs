//! The cell of everything that is shared without a lock: loom's, or std's with loom's methods.

#[cfg(rt_loom)]
pub(crate) use loom::cell::UnsafeCell;

/// std's cell with the access methods of loom's.
///
/// # Examples
/// ```
/// use heist::model::cell::UnsafeCell;
///
/// let cell = UnsafeCell::new(String::from("a"));
/// cell.with_mut(|value| unsafe { (*value).push('b') });
/// assert_eq!(cell.into_inner(), "ab");
/// ```
#[cfg(not(rt_loom))]
#[derive(Debug)]
#[repr(transparent)]
pub struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

#[cfg(not(rt_loom))]
impl<T> UnsafeCell<T> {
    /// Makes a cell with a value.
    ///
    /// # Examples
    /// ```
    /// use heist::model::cell::UnsafeCell;
    ///
    /// assert_eq!(UnsafeCell::new(7).into_inner(), 7);
    /// ```
    pub const fn new(value: T) -> Self {
        UnsafeCell(std::cell::UnsafeCell::new(value))
    }

    /// Returns the value.
    ///
    /// # Examples
    /// ```
    /// use heist::model::cell::UnsafeCell;
    ///
    /// assert_eq!(UnsafeCell::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.0.into_inner()
    }
}

#[cfg(not(rt_loom))]
impl<T: ?Sized> UnsafeCell<T> {
    /// Shared access. The caller upholds the rules of `&*pointer`.
    ///
    /// # Examples
    /// ```
    /// use heist::model::cell::UnsafeCell;
    ///
    /// assert_eq!(UnsafeCell::new(7).with(|value| unsafe { *value }), 7);
    /// ```
    #[inline(always)]
    #[cfg_attr(all(test, rt_count), track_caller)]
    pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        #[cfg(all(test, rt_count))]
        super::count::note_read(self.0.get().cast::<u8>().addr(), size_of_val(self));
        f(self.0.get())
    }

    /// Exclusive access. The caller upholds the rules of `&mut *pointer`.
    ///
    /// # Examples
    /// ```
    /// use heist::model::cell::UnsafeCell;
    ///
    /// let cell = UnsafeCell::new(7);
    /// cell.with_mut(|value| unsafe { *value += 1 });
    /// assert_eq!(cell.into_inner(), 8);
    /// ```
    #[inline(always)]
    #[cfg_attr(all(test, rt_count), track_caller)]
    pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        #[cfg(all(test, rt_count))]
        super::count::note_write(self.0.get().cast::<u8>().addr(), size_of_val(self));
        f(self.0.get())
    }
}
