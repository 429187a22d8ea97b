package pushgw

import (
	"slices"

	"github.com/grafana/sobek"
)

// lazy makes the members of a JavaScript object when a script first asks for
// them. Every VU has objects of its own, in which a function takes nearly a
// kilobyte, and of ten thousand VUs that only listen none needs what would
// broadcast. It implements sobek.DynamicObject and is used on the event loop only.
type lazy struct {
	rt     *sobek.Runtime
	names  []string              // shared by all VUs
	member func(name string) any // makes one of these
	made   []sobek.Value         // by place in names, nil where nobody has asked
}

func newLazy(rt *sobek.Runtime, names []string, member func(name string) any) *sobek.Object {
	return rt.NewDynamicObject(&lazy{rt: rt, names: names, member: member, made: make([]sobek.Value, len(names))})
}

// inherit gives an object lazy methods, before those that it has from its class.
func inherit(object, methods *sobek.Object) *sobek.Object {
	// Neither can fail: both objects are new, and extensible.
	_ = methods.SetPrototype(object.Prototype())
	_ = object.SetPrototype(methods)
	return object
}

// Get implements sobek.DynamicObject.
func (l *lazy) Get(name string) sobek.Value {
	i := slices.Index(l.names, name)
	if i < 0 {
		return nil
	}
	if l.made[i] == nil {
		l.made[i] = l.rt.ToValue(l.member(name))
	}
	return l.made[i]
}

// Has implements sobek.DynamicObject.
func (l *lazy) Has(name string) bool { return slices.Contains(l.names, name) }

// Keys implements sobek.DynamicObject.
func (l *lazy) Keys() []string { return l.names }

// Set implements sobek.DynamicObject: what there is stays as it is.
func (l *lazy) Set(string, sobek.Value) bool { return false }

// Delete implements sobek.DynamicObject.
func (l *lazy) Delete(name string) bool { return !l.Has(name) }
