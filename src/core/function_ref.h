#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace tandem::core {

template <class Signature>
class function_ref;

/// Something to call, by reference: for parameters, where std::function would allocate. What it refers to must outlive
/// it.
template <class Result, class... Arguments>
class function_ref<Result(Arguments...)> {
 public:
  template <class Callable>
    requires(!std::is_same_v<std::remove_cvref_t<Callable>, function_ref> &&
             std::is_invocable_r_v<Result, Callable&, Arguments...>)
  function_ref(Callable&& what) noexcept
      : object_(const_cast<void*>(static_cast<const void*>(std::addressof(what)))),
        call_([](void* object, Arguments... arguments) -> Result {
          return (*static_cast<std::remove_reference_t<Callable>*>(object))(std::forward<Arguments>(arguments)...);
        }) {}

  Result operator()(Arguments... arguments) const { return call_(object_, std::forward<Arguments>(arguments)...); }

 private:
  void* object_;
  Result (*call_)(void*, Arguments...);
};

}  // namespace tandem::core
