# Loaded by Forge into each Ruby process of a process in debug mode: where the debug gem is installed,
# the one that runs the application waits for a debugger; tools that only start it do not.
begin
  tools = %w[gem irb rake foreman overmind solargraph ruby-lsp rubocop]
  unless tools.include?(File.basename($0.to_s))
    lock = ENV["BUNDLE_GEMFILE"] || "Gemfile"
    text = File.file?("#{lock}.lock") ? File.read("#{lock}.lock") : ""
    # Bundler takes no other version than the one that is locked.
    locked = text[/^    debug \(([0-9.]+)\)$/, 1]
    gem "debug", locked if locked
    require "debug/open_nonstop"
  end
rescue LoadError
  warn "debug mode: the debug gem is not installed here (gem install debug)"
rescue StandardError => error
  warn "debug mode: #{error.message}"
end
