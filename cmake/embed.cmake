# Put files into the programs: each becomes bytes of a generated C source that is rebuilt when
# the file changes. The build needs nothing but CMake for it.

# embed(TARGET SYMBOL BASE SUFFIX FILE...): FILE without BASE/ and SUFFIX is its name. One
# newline at the end of a file is an editor's, not the text's, and is left out.
function(embed target symbol base suffix)
  if(NOT TARGET ${target})
    return()
  endif()
  set(out ${PROJECT_BINARY_DIR}/generated/${symbol}.c)
  set(list ${PROJECT_BINARY_DIR}/generated/${symbol}.list)
  list(SORT ARGN)
  string(REPLACE ";" "\n" names "${ARGN}")
  file(CONFIGURE OUTPUT ${list} CONTENT "${names}\n" @ONLY)
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DLIST=${list} -DSYMBOL=${symbol} -DBASE=${base}
            -DSUFFIX=${suffix} -P ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    DEPENDS ${ARGN} ${list} ${PROJECT_SOURCE_DIR}/cmake/embed_files.cmake
    COMMENT "Embedding ${symbol}"
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
endfunction()

file(GLOB duban_templates CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/notifiers/templates/*/*.mustache)
embed(duban_notifiers embedded_templates ${PROJECT_SOURCE_DIR}/notifiers/templates .mustache
      ${duban_templates})
