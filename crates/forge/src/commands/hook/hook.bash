_forge_hook() {
  local status=$? dir=$PWD found=
  while :; do
    if [[ -f $dir/.forge/processes.yml ]]; then found=${dir:-/}; break; fi
    [[ -z $dir || $dir == / ]] && break
    dir=${dir%/*}
  done
  if [[ $found != "${_FORGE_HERE:-}" ]]; then
    [[ -n ${_FORGE_HERE:-} ]] && @FORGE@ --pid $$ --leave "$_FORGE_HERE"
    _FORGE_HERE=$found
    [[ -n $found ]] && @FORGE@ --pid $$ --enter "$found"
  fi
  return $status
}
_forge_hook_exit() {
  [[ -n ${_FORGE_HERE:-} ]] && @FORGE@ --pid $$ --leave "$_FORGE_HERE"
}
if [[ ";${PROMPT_COMMAND[*]:-};" != *_forge_hook* ]]; then
  PROMPT_COMMAND="_forge_hook${PROMPT_COMMAND:+;$PROMPT_COMMAND}"
fi
[[ -z $(trap -p EXIT) ]] && trap _forge_hook_exit EXIT
