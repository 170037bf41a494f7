//! A map of at most so many entries, by type and key: the one used least recently goes first.
//!
//! The order of use is a list through the places of a vector, so that a look-up costs the same however many there are.

use core::any::TypeId;
use std::collections::HashMap;
use std::sync::Arc;

/// The entries. None of its methods drops a value: what goes is given back.
#[derive(Debug)]
pub(super) struct Lru<V> {
    /// For each type, where its keys are. There are as many types as instantiations of one function: few.
    types: Vec<(TypeId, Keys)>,
    places: Vec<Place<V>>,
    newest: usize,
    oldest: usize,
}

/// Where each key is.
type Keys = HashMap<Arc<[u8]>, usize>;

#[derive(Debug)]
struct Place<V> {
    /// Which of the types.
    ty: usize,
    key: Arc<[u8]>,
    value: V,
    newer: usize,
    older: usize,
}

/// The end of the list.
const NONE: usize = usize::MAX;

impl<V> Default for Lru<V> {
    fn default() -> Self {
        Self { types: Vec::new(), places: Vec::new(), newest: NONE, oldest: NONE }
    }
}

impl<V> Lru<V> {
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// Where an entry is, until another goes; finding it is no use of it.
    pub(super) fn find(&self, ty: TypeId, key: &[u8]) -> Option<usize> {
        // The only one there is, where there is no key: found without a hash.
        if let Some(newest) = self.places.get(self.newest)
            && *newest.key == *key
            && self.types[newest.ty].0 == ty
        {
            return Some(self.newest);
        }
        let (_, places) = self.types.iter().find(|(of, _)| *of == ty)?;
        places.get(key).copied()
    }

    pub(super) fn value(&mut self, place: usize) -> &mut V {
        &mut self.places[place].value
    }

    /// Makes an entry the one used last.
    pub(super) fn touch(&mut self, place: usize) {
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
    }

    /// Adds an entry that is not there. Gives back the one that goes, where there would be more than `max`.
    pub(super) fn add(&mut self, ty: TypeId, key: &[u8], value: V, max: usize) -> Option<V> {
        let gone = (self.places.len() >= max && self.oldest != NONE).then(|| self.take(self.oldest));
        let ty = self.types.iter().position(|(of, _)| *of == ty).unwrap_or_else(|| {
            self.types.push((ty, Keys::new()));
            self.types.len() - 1
        });
        let key: Arc<[u8]> = key.into();
        let place = self.places.len();
        self.types[ty].1.insert(Arc::clone(&key), place);
        self.places.push(Place { ty, key, value, newer: NONE, older: NONE });
        self.link(place);
        gone
    }

    /// Takes out those used least recently, until there are no more than so many.
    #[cfg(feature = "registry")]
    pub(super) fn trim(&mut self, max: usize) -> Vec<V> {
        let mut gone = Vec::new();
        while self.places.len() > max && self.oldest != NONE {
            gone.push(self.take(self.oldest));
        }
        gone
    }

    /// Takes out the entries of a key, of whatever type.
    pub(super) fn remove(&mut self, key: &[u8]) -> Vec<V> {
        let mut gone = Vec::new();
        for ty in 0..self.types.len() {
            if let Some(&place) = self.types[ty].1.get(key) {
                gone.push(self.take(place));
            }
        }
        gone
    }

    fn take(&mut self, place: usize) -> V {
        self.unlink(place);
        let Place { ty, key, value, .. } = self.places.swap_remove(place);
        self.types[ty].1.remove(&key);
        // The last one has come in its place.
        if let Some(Place { ty, key, newer, older, .. }) = self.places.get(place) {
            let (newer, older) = (*newer, *older);
            if let Some(index) = self.types[*ty].1.get_mut(key) {
                *index = place;
            }
            *self.older_of(newer) = place;
            *self.newer_of(older) = place;
        }
        value
    }

    fn link(&mut self, place: usize) {
        let second = self.newest;
        self.places[place].newer = NONE;
        self.places[place].older = second;
        self.newest = place;
        *self.newer_of(second) = place;
    }

    fn unlink(&mut self, place: usize) {
        let Place { newer, older, .. } = self.places[place];
        *self.older_of(newer) = older;
        *self.newer_of(older) = newer;
    }

    /// The link from a place to the older one; the newest is the one that follows the beginning.
    fn older_of(&mut self, place: usize) -> &mut usize {
        if place == NONE { &mut self.newest } else { &mut self.places[place].older }
    }

    /// The link from a place to the newer one; the oldest is the one that follows the end.
    fn newer_of(&mut self, place: usize) -> &mut usize {
        if place == NONE { &mut self.oldest } else { &mut self.places[place].newer }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The same in the plainest way: the newest last.
    #[derive(Default)]
    struct Model(Vec<(TypeId, u8, u32)>);

    impl Model {
        fn position(&self, ty: TypeId, key: u8) -> Option<usize> {
            self.0.iter().position(|entry| (entry.0, entry.1) == (ty, key))
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Put(bool, u8, u32),
        Touch(bool, u8),
        Remove(u8),
    }

    fn steps() -> impl Strategy<Value = Vec<Step>> {
        let step = prop_oneof![
            4 => (any::<bool>(), 0_u8..12, any::<u32>()).prop_map(|(ty, key, value)| Step::Put(ty, key, value)),
            3 => (any::<bool>(), 0_u8..12).prop_map(|(ty, key)| Step::Touch(ty, key)),
            1 => (0_u8..12).prop_map(Step::Remove),
        ];
        proptest::collection::vec(step, 0..200)
    }

    fn ty(first: bool) -> TypeId {
        if first { TypeId::of::<u8>() } else { TypeId::of::<u16>() }
    }

    proptest! {
        #[test]
        fn it_is_as_the_model(max in 1_usize..9, steps in steps()) {
            let (mut lru, mut model) = (Lru::default(), Model::default());
            for step in steps {
                match step {
                    Step::Put(first, key, value) => match lru.find(ty(first), &[key]) {
                        Some(place) => {
                            *lru.value(place) = value;
                            let at = model.position(ty(first), key).unwrap();
                            model.0[at].2 = value;
                        }
                        None => {
                            prop_assert_eq!(model.position(ty(first), key), None);
                            let gone = (model.0.len() >= max).then(|| model.0.remove(0).2);
                            model.0.push((ty(first), key, value));
                            prop_assert_eq!(lru.add(ty(first), &[key], value, max), gone);
                        }
                    },
                    Step::Touch(first, key) => {
                        let (place, at) = (lru.find(ty(first), &[key]), model.position(ty(first), key));
                        prop_assert_eq!(place.is_some(), at.is_some());
                        if let Some((place, at)) = place.zip(at) {
                            lru.touch(place);
                            let used = model.0.remove(at);
                            model.0.push(used);
                        }
                    }
                    Step::Remove(key) => {
                        let mut gone = lru.remove(&[key]);
                        let mut expected: Vec<u32> =
                            model.0.extract_if(.., |entry| entry.1 == key).map(|entry| entry.2).collect();
                        gone.sort_unstable();
                        expected.sort_unstable();
                        prop_assert_eq!(gone, expected);
                    }
                }
                prop_assert_eq!(order(&lru), model.0.clone());
                prop_assert_eq!(lru.types.iter().map(|(_, keys)| keys.len()).sum::<usize>(), lru.len());
            }
        }
    }

    /// The entries from the oldest, and the same from the newest.
    fn order(lru: &Lru<u32>) -> Vec<(TypeId, u8, u32)> {
        let entry = |place: &Place<u32>| (lru.types[place.ty].0, place.key[0], place.value);
        let (mut upwards, mut at) = (Vec::new(), lru.oldest);
        while at != NONE {
            let (ty, key, _) = entry(&lru.places[at]);
            assert_eq!(lru.find(ty, &[key]), Some(at));
            upwards.push(entry(&lru.places[at]));
            at = lru.places[at].newer;
        }
        let (mut downwards, mut at) = (Vec::new(), lru.newest);
        while at != NONE {
            downwards.push(entry(&lru.places[at]));
            at = lru.places[at].older;
        }
        downwards.reverse();
        assert_eq!(upwards, downwards);
        upwards
    }
}
