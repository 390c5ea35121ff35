function _forge_hook --on-event fish_prompt
    set -l dir $PWD
    set -l found
    while true
        if test -f "$dir/.forge/processes.yml"
            set found "$dir"
            break
        end
        if test -z "$dir"; or test "$dir" = /
            break
        end
        set dir (string replace -r '/[^/]*$' '' -- "$dir")
    end
    if test "$found" != "$_FORGE_HERE"
        if test -n "$_FORGE_HERE"
            @FORGE@ --pid $fish_pid --leave "$_FORGE_HERE"
        end
        set -g _FORGE_HERE "$found"
        if test -n "$found"
            @FORGE@ --pid $fish_pid --enter "$found"
        end
    end
end
function _forge_hook_exit --on-event fish_exit
    if test -n "$_FORGE_HERE"
        @FORGE@ --pid $fish_pid --leave "$_FORGE_HERE"
    end
end
