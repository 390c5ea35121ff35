_forge_hook() {
  local dir=$PWD found=
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
  return 0
}
_forge_hook_exit() {
  [[ -n ${_FORGE_HERE:-} ]] && @FORGE@ --pid $$ --leave "$_FORGE_HERE"
}
autoload -Uz add-zsh-hook
add-zsh-hook precmd _forge_hook
add-zsh-hook zshexit _forge_hook_exit
